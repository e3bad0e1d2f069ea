// A button that copies the text of a field beside it; where the browser refuses, the text is selected to be copied by hand.

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    document.getElementById("said").replaceChildren();
    document.dispatchEvent(new CustomEvent("billow:said", { detail: { text: button.dataset.copied } }));
  } catch {
    field.focus();
  }
});
