// Offers the columns of rules while SQL is written. The names are those of the list on the page, so nothing is asked for.

const list = document.querySelector("[data-completes]");
const field = list && document.getElementById(list.dataset.completes);

if (field && !field.matches(":disabled")) {
  const MOST = 60;
  const KEYWORDS = new Set("update set where delete from insert into values select as and or not in like is null between case when then else end".split(" "));
  const columns = [...list.querySelectorAll("code")].map((code) => {
    const name = code.textContent.trim();
    const dot = name.indexOf(".");
    return { name, dataset: name.slice(0, dot), part: name.slice(dot + 1), about: code.dataset.about ?? "" };
  });
  const datasets = [...new Set(columns.map((column) => column.dataset))];

  const box = document.createElement("ul");
  box.id = "sql-offers";
  box.className = "offers";
  box.hidden = true;
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", list.dataset.label);
  const said = document.createElement("p");
  said.className = "unseen";
  said.setAttribute("role", "status");
  field.parentElement.classList.add("has-offers");
  field.after(box, said);
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-haspopup", "listbox");
  field.setAttribute("aria-controls", box.id);

  let offers = [];
  let at = 0;
  let start = 0;
  let skip = false;

  // What is being written, unless it is inside a text or a comment.
  function word() {
    const before = field.value.slice(0, field.selectionStart);
    const line = before.slice(before.lastIndexOf("\n") + 1);
    const open = before.replace(/--[^\n]*/g, "").split("'").length % 2 === 0;
    if (open || /--/.test(line.replace(/'[^']*'/g, ""))) return null;
    return { text: /[A-Za-z_][\w./:<>]*$/.exec(before)?.[0] ?? "", before };
  }

  function found(text, before, asked) {
    const wanted = text.toLowerCase();
    // The columns that are named in an INSERT stand there without their dataset.
    const inserting = /\binsert\s+into\s+costs\s*\([^()]*$/i.test(before);
    const names = inserting
      ? columns.filter((column) => column.dataset === "costs").map((column) => ({ ...column, name: column.part }))
      : [...datasets.map((name) => ({ name: `${name}.`, dataset: name, part: name, about: "" })), ...columns];
    if (!wanted) return asked ? names : [];
    if (!asked && (KEYWORDS.has(wanted) || datasets.includes(wanted))) return [];
    const rank = ({ name, part }) => {
      const whole = name.toLowerCase();
      if (whole.startsWith(wanted)) return 0;
      if (wanted.length < 2) return 9;
      if (part.toLowerCase().startsWith(wanted) || whole.includes(`/${wanted}`)) return 1;
      return wanted.length > 2 && whole.includes(wanted.slice(wanted.indexOf(".") + 1)) && !wanted.endsWith(".") && sameDataset(wanted, whole) ? 2 : 9;
    };
    const ranked = names.map((each) => ({ each, rank: rank(each) })).filter((one) => one.rank < 9);
    return ranked.sort((one, other) => one.rank - other.rank).map((one) => one.each);
  }

  const sameDataset = (wanted, whole) => !wanted.includes(".") || whole.startsWith(wanted.slice(0, wanted.indexOf(".") + 1));

  function offer(asked = false) {
    const writing = word();
    const fits = writing ? found(writing.text, writing.before, asked) : [];
    if (!fits.length || (fits.length === 1 && fits[0].name.toLowerCase() === writing.text.toLowerCase())) return close();
    start = field.selectionStart - writing.text.length;
    offers = fits.slice(0, MOST);
    box.replaceChildren(...offers.map(line));
    box.hidden = false;
    place(writing.before.length - writing.text.length);
    choose(0);
    said.textContent = list.dataset.said.replace("{number}", fits.length);
  }

  function line(each, index) {
    const option = document.createElement("li");
    option.id = `sql-offer-${index}`;
    option.setAttribute("role", "option");
    const name = document.createElement("code");
    name.textContent = each.name;
    option.append(name);
    if (each.about) option.append(Object.assign(document.createElement("span"), { textContent: each.about }));
    return option;
  }

  function choose(index) {
    at = (index + offers.length) % offers.length;
    [...box.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
    field.setAttribute("aria-activedescendant", box.children[at].id);
    box.children[at].scrollIntoView({ block: "nearest" });
  }

  function close() {
    box.hidden = true;
    box.replaceChildren();
    field.removeAttribute("aria-activedescendant");
    said.textContent = "";
  }

  // Below the line that is written: all letters are equally wide, and no line is broken.
  function place(index) {
    const style = getComputedStyle(field);
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = `${style.fontSize} ${style.fontFamily}`;
    const lines = field.value.slice(0, index).split("\n");
    const left = parseFloat(style.paddingLeft) + pen.measureText(lines.at(-1)).width - field.scrollLeft;
    const top = parseFloat(style.paddingTop) + lines.length * parseFloat(style.lineHeight) - field.scrollTop;
    const room = field.clientWidth - box.offsetWidth;
    box.style.setProperty("left", `${Math.max(0, Math.min(left, room))}px`);
    box.style.setProperty("top", `${field.offsetTop + Math.min(top + 4, field.clientHeight)}px`);
  }

  function take(index) {
    const { name } = offers[index];
    const text = name.replace(/<key>$/, "");
    field.setSelectionRange(start, field.selectionStart);
    skip = text === name && !text.endsWith(".");
    close();
    field.focus();
    // This way the browser can undo it.
    if (!document.execCommand("insertText", false, text)) {
      field.setRangeText(text, start, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  field.addEventListener("input", () => {
    if (skip) skip = false;
    else offer();
  });

  field.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.key === " ") {
      event.preventDefault();
      offer(true);
    } else if (!box.hidden && !event.ctrlKey && !event.altKey && !event.metaKey) {
      const act = { ArrowDown: () => choose(at + 1), ArrowUp: () => choose(at - 1), Enter: () => take(at), Tab: () => take(at), Escape: close }[event.key];
      if (act && !event.shiftKey) {
        event.preventDefault();
        act();
      } else if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) close();
    }
  });

  box.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) take([...box.children].indexOf(option));
  });

  field.addEventListener("blur", close);
  field.addEventListener("scroll", () => box.hidden || place(start));
  field.addEventListener("pointerdown", close);
}
