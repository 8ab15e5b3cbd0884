"""The words of errors in Chinese: tables of English messages, and the way from one to its Chinese."""
