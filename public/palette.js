// The palette (Ctrl or Cmd K) and the list of shortcuts (?). Fetched when one of them is opened for the first time; all that
// it reaches can be reached without it. Plain JavaScript, as the console's wasm has a budget of bytes.

/** A new element; attributes that are null are left away. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

let dialog;

function open(label, ...content) {
  if (!dialog) {
    dialog = make("dialog", { class: "palette" });
    dialog.addEventListener("click", (event) => {
      // On the backdrop, or somewhere that leads away.
      if (event.target === dialog || event.target.closest("a")) dialog.close();
    });
    document.body.append(dialog);
  }
  dialog.setAttribute("aria-label", label);
  dialog.replaceChildren(...content);
  dialog.showModal();
}

/** The tenant that one stands in, as the address names it. */
const tenant = () => location.pathname.match(/^\/t\/([^/]+)/)?.[1] ?? "";

async function ask(q, signal) {
  const response = await fetch("/_fn/find", {
    method: "POST",
    headers: { accept: "application/json" },
    body: new URLSearchParams({ tenant: tenant(), q }),
    signal,
  });
  if (response.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
  return response.ok ? response.json() : null;
}

export function find() {
  if (dialog?.open) return dialog.close();
  const list = make("div", { class: "palette-list", id: "palette-list", role: "listbox", "aria-label": "Results" });
  const note = make("p", { class: "palette-note", role: "status" });
  const input = make("input", {
    class: "palette-input",
    role: "combobox",
    placeholder: "Jump to a tenant, workspace, member, model or page",
    "aria-label": "Jump to",
    "aria-controls": "palette-list",
    "aria-expanded": "true",
    "aria-autocomplete": "list",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
  });

  let chosen = 0;
  const options = () => [...list.querySelectorAll("[role=option]")];
  const choose = (place) => {
    const all = options();
    chosen = all.length ? (place + all.length) % all.length : 0;
    all.forEach((option, n) => option.setAttribute("aria-selected", String(n === chosen)));
    if (all[chosen]) {
      input.setAttribute("aria-activedescendant", all[chosen].id);
      all[chosen].scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const show = (groups) => {
    let n = 0;
    list.replaceChildren(
      ...groups.map(({ name, items }) =>
        make("div", { role: "group", "aria-label": name },
          make("p", { class: "palette-group", "aria-hidden": "true" }, name),
          ...items.map(({ name, hint, href }) =>
            make("a", { class: "palette-option", id: `palette-${n++}`, role: "option", tabindex: "-1", href },
              make("span", {}, name),
              make("small", {}, hint))))),
    );
    note.textContent = n ? "" : "Nothing has this name.";
    choose(0);
  };

  let timer;
  let asking = new AbortController();
  const search = async () => {
    asking.abort();
    asking = new AbortController();
    try {
      const groups = await ask(input.value.trim(), asking.signal);
      if (groups) show(groups);
      else note.textContent = "The search does not answer. Try again.";
    } catch (error) {
      if (error.name !== "AbortError") note.textContent = "The search does not answer. Try again.";
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, 120);
  });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) choose(chosen + step);
    else if (event.key === "Enter") options()[chosen]?.click();
    else return;
    event.preventDefault();
  });
  open("Jump to", input, list, note);
  input.focus();
  search();
}

export function shortcuts() {
  const command = /Mac|iP(hone|ad)/.test(navigator.platform) ? "\u2318" : "Ctrl";
  const rows = [
    [[command, "K"], "Jump to a tenant, workspace, member, model or page"],
    [["/"], "Search the list on this page"],
    [["\u2191", "\u2193"], "Walk through an open menu or the results"],
    [["Enter"], "Open what is chosen"],
    [["Esc"], "Close a menu or a dialog"],
    [["?"], "This list"],
  ].map(([keys, text]) => make("div", {}, make("dt", {}, ...keys.map((key) => make("kbd", {}, key))), make("dd", {}, text)));
  const close = make("button", { class: "btn", type: "button" }, "Close");
  close.addEventListener("click", () => dialog.close());
  open("Keyboard shortcuts", make("h2", {}, "Keyboard shortcuts"), make("dl", { class: "palette-keys" }, ...rows), close);
}
