// Light, dark, or as the system says.

const kinds = ["auto", "light", "dark"];
const signs = { auto: "◐", light: "☀", dark: "☾" };

// theme lets a button go through the kinds and keeps the last in this browser.
export function theme(button) {
  let kind = kinds[0];
  try { kind = kinds.includes(localStorage.theme) ? localStorage.theme : kind; } catch { /* storage may be off: then it is not kept */ }
  const set = () => {
    if (kind === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = kind;
    button.textContent = signs[kind];
    button.setAttribute("aria-label", `Theme: ${kind}`);
  };
  button.addEventListener("click", () => {
    kind = kinds[(kinds.indexOf(kind) + 1) % kinds.length];
    try { localStorage.theme = kind; } catch { /* as above */ }
    set();
  });
  set();
}
