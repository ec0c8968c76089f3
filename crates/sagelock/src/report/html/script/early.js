// Before anything is painted: the colours that were chosen before, and that there is JavaScript.
{
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const theme = localStorage.getItem("sagelock-theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // A page from a file may have no storage; then the system's colours hold.
  }
}
