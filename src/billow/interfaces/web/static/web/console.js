// What pages do beyond links and forms: dialogs, menus, selection, short messages, shortcuts.

const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);
const dialog = one("#dialog");
let opener = null;

document.documentElement.classList.add("js");

// Dialogs: a fragment that arrives in #dialog opens it; closing gives the focus back.

function open(box) {
  if (!box.open) {
    opener = { id: document.activeElement?.closest("tr")?.id, element: document.activeElement };
    box.showModal();
  }
  (one("[autofocus]", box) ?? one("button, a, input", box))?.focus();
}

function close(box) {
  box.close();
  if (box === dialog) box.replaceChildren();
}

function giveFocusBack() {
  const element = opener?.element?.isConnected ? opener.element : opener?.id && one(".row-link, button", document.getElementById(opener.id) ?? document.body);
  (element || one("#main"))?.focus?.();
  opener = null;
}

all("dialog").forEach((box) => box.addEventListener("close", giveFocusBack));

// Settled, not only swapped: from then on its buttons are htmx's.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target !== dialog) return;
  closeMenus();
  if (one("[data-finished]", dialog)) close(dialog);
  else open(dialog);
});

document.addEventListener("htmx:afterSettle", () => select());
document.addEventListener("htmx:sendError", () => say(one("#said").dataset.offline));

document.addEventListener("click", (event) => {
  const target = event.target;
  if (target.closest("[data-close]")) close(target.closest("dialog"));
  if (target.closest("[data-open]")) open(document.getElementById(target.closest("[data-open]").dataset.open));
  if (target.matches("dialog")) close(target);
  const fold = target.closest(".fold");
  if (fold) unfold(fold, fold.getAttribute("aria-expanded") !== "true");
  closeMenus(target.closest(".menu"));
});

document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-close-after]")) setTimeout(() => close(dialog), 300);
});

function closeMenus(except) {
  all(".menu[open]").forEach((menu) => menu !== except && menu.removeAttribute("open"));
}

// A menu near the lower edge opens upwards.
document.addEventListener("toggle", (event) => {
  const list = event.target.matches?.(".menu[open]") && one(".menu-list", event.target);
  if (!list) return;
  list.classList.remove("up");
  const box = list.getBoundingClientRect();
  list.classList.toggle("up", box.bottom > innerHeight && event.target.getBoundingClientRect().top > box.height);
}, true);

function unfold(button, wide) {
  button.setAttribute("aria-expanded", String(wide));
  document.getElementById(button.getAttribute("aria-controls")).hidden = !wide;
}

// Short messages.

document.addEventListener("billow:said", (event) => say(event.detail.text));

function say(text) {
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.textContent = text;
  one("#said").append(toast);
  setTimeout(() => toast.remove(), 7000);
}

// What the server said with the page goes by itself too.
all("#said .toast").forEach((toast) => setTimeout(() => toast.remove(), 7000));

// Lines of small fields: writing in the last one adds an empty one.

document.addEventListener("input", (event) => {
  const row = event.target.closest("[data-row]");
  if (!row || row.nextElementSibling) return;
  const next = row.cloneNode(true);
  all(".field-problem", next).forEach((problem) => problem.remove());
  all("input, select", next).forEach((field) => {
    field.removeAttribute("id");
    field.removeAttribute("aria-invalid");
    if (field.matches("input")) field.value = "";
    field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/\d+/, (number) => Number(number) + 1));
  });
  row.after(next);
});

// Order by dragging: inside one list; the buttons of each line do the same for the keyboard.

let dragged = null;

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-sort] > li");
  dragged?.classList.add("is-dragged");
});

document.addEventListener("dragover", (event) => {
  const over = event.target.closest?.("[data-sort] > li");
  if (!dragged || over?.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  const box = over.getBoundingClientRect();
  if (over !== dragged) event.clientY > box.top + box.height / 2 ? over.after(dragged) : over.before(dragged);
});

document.addEventListener("drop", (event) => dragged && event.preventDefault());

document.addEventListener("dragend", () => {
  if (!dragged) return;
  dragged.classList.remove("is-dragged");
  const order = all("[data-sort] > li").map((line) => line.dataset.token);
  htmx.ajax("POST", dragged.parentElement.dataset.sort, { values: { order }, target: "#dialog", swap: "innerHTML" });
  dragged = null;
});

// A form is sent once, however often its button is pressed.

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post") || form.matches("[data-close-after]")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});

window.addEventListener("pageshow", () => all("[data-sent]").forEach((form) => delete form.dataset.sent));

// Selection: kept by item, so that it survives rows that change by themselves.

let selected = new Set();
let wholeFilter = false;

document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.name === "item") {
    box.checked ? selected.add(box.value) : selected.delete(box.value);
    wholeFilter = false;
  } else if (box.id === "select-all") {
    all('input[name="item"]').forEach((each) => (box.checked ? selected.add(each.value) : selected.delete(each.value)));
    wholeFilter = false;
  } else return;
  select();
});

document.addEventListener("click", (event) => {
  if (event.target.id === "select-filter") wholeFilter = true;
  else if (event.target.id === "select-none") clear();
  else return;
  select();
});

document.addEventListener("billow:changed", () => clear());

function clear() {
  selected = new Set();
  wholeFilter = false;
}

function select() {
  const toolbar = one("#toolbar");
  if (!toolbar) return;
  const boxes = all('input[name="item"]');
  const here = new Set(boxes.map((box) => box.value));
  selected = new Set([...selected].filter((item) => here.has(item)));
  boxes.forEach((box) => (box.checked = wholeFilter || selected.has(box.value)));
  const number = wholeFilter ? Number(toolbar.dataset.rows) : selected.size;
  const every = one("#select-all");
  every.checked = boxes.length > 0 && (wholeFilter || selected.size === boxes.length);
  every.indeterminate = number > 0 && !every.checked;
  every.setAttribute("aria-label", number ? every.dataset.some : every.dataset.none);
  if (one("#select-filter")) one("#select-filter").hidden = wholeFilter;
  one("#scope").value = wholeFilter ? "filter" : "";
  toolbar.classList.toggle("has-selection", number > 0);
  const words = number ? one("#selected").dataset.words.replace("#", number) : "";
  if (one("#selected").textContent !== words) one("#selected").textContent = words;
  all("[data-act]", toolbar).forEach((button) => offer(button, boxes));
  one("#bulk").style.setProperty("--stuck", `${toolbar.offsetHeight}px`);
}

function offer(button, boxes) {
  const fits = boxes.filter((box) => box.checked && box.closest("tr").dataset.acts.split(" ").includes(button.dataset.act));
  const number = one(".number", button);
  button.hidden = fits.length === 0 && !(wholeFilter && Number(button.dataset.all));
  number.hidden = wholeFilter;
  number.textContent = fits.length;
}

select();

// Shortcuts.

let here = null;

function go(step) {
  const rows = all("#rows tbody tr");
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.id === here);
  const row = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
  here = row.id;
  rows.forEach((each) => each.classList.toggle("is-here", each === row));
  (one(".row-link", row) ?? one("input", row)).focus();
  row.scrollIntoView({ block: "nearest" });
}

function turn(link) {
  here = null;
  one(link)?.click();
}

const keys = {
  j: () => go(1),
  k: () => go(-1),
  x: () => (document.activeElement.closest("#rows tr") ?? document.getElementById(here))?.querySelector("input")?.click(),
  "/": () => one("#find")?.select(),
  f: () => one("#filter-account, #field-q")?.focus(),
  "?": () => one("#keys") && open(one("#keys")),
  "[": () => turn("#month-before"),
  "]": () => turn("#month-after"),
  Escape: () => {
    if (one(".menu[open]")) closeMenus();
    else clear(), select();
  },
};

// What the bar's search found is walked with the arrows; Escape leaves it.

one(".find")?.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const stops = [one("#find"), ...all("#find-found a")];
  if (step) event.preventDefault(), stops[stops.indexOf(document.activeElement) + step]?.focus();
  else if (event.key === "Escape") document.activeElement.blur(), event.stopPropagation();
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("select, textarea, input:not([type=checkbox])");
  if (event.ctrlKey || event.metaKey || event.altKey || one("dialog[open]") || (typing && event.key !== "Escape")) return;
  if (event.key === "Enter" && event.target.matches('input[name="item"]')) {
    event.preventDefault();
    one(".row-link, .next", event.target.closest("tr"))?.click();
    return;
  }
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
