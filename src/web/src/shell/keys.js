const palette = (what) => import(paletteAt).then((module) => module[what]());
addEventListener("keydown", (event) => {
  const { key, target } = event;
  const command = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
  if (command && key.toLowerCase() === "k") palette("find");
  else if (event.ctrlKey || event.metaKey || event.altKey || target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, dialog")) return;
  else if (key === "?") palette("shortcuts");
  else if (key === "/") document.querySelector("main input[type=search]")?.focus();
  else return;
  event.preventDefault();
});
addEventListener("click", (event) => {
  const what = event.target.closest?.("[data-palette]")?.dataset.palette;
  if (what) palette(what);
});
