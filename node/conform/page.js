const page = document.documentElement;
const button = document.getElementById("language");
const speak = (language) => {
  page.lang = language;
  button.textContent = language === "zh" ? "English" : "中文";
};
button.addEventListener("click", () => speak(page.lang === "zh" ? "en" : "zh"));
speak(navigator.language.startsWith("zh") ? "zh" : "en");
