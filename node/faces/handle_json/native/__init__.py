"""The compiled core of the JSON face: plain GETs of one record, answered from the bytes that arrive."""
