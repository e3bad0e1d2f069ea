// Passkeys: ask the server what to ask, let the browser ask, and send the answer as an ordinary form.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) => buffer && btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

function readable(options) {
  const credentials = (list) => list?.map((each) => ({ ...each, id: bytes(each.id) }));
  const read = { ...options, challenge: bytes(options.challenge) };
  if (options.user) read.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) read.excludeCredentials = credentials(options.excludeCredentials);
  if (options.allowCredentials) read.allowCredentials = credentials(options.allowCredentials);
  return read;
}

function written(credential) {
  const { clientDataJSON, attestationObject, authenticatorData, signature, userHandle } = credential.response;
  const response = { clientDataJSON, attestationObject, authenticatorData, signature, userHandle };
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    clientExtensionResults: {},
    response: Object.fromEntries(Object.entries(response).filter(([, part]) => part).map(([name, part]) => [name, text(part)])),
  });
}

async function ask(form) {
  const question = await fetch(form.dataset.question, { method: "POST", body: new FormData(form) });
  if (question.redirected) return location.assign(question.url);
  if (!question.ok) throw new Error(String(question.status));
  const publicKey = readable(await question.json());
  const credential = await navigator.credentials[form.dataset.passkey]({ publicKey });
  form.elements.answer.value = written(credential);
  form.submit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  const problem = form.querySelector("[data-problem]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    problem.hidden = true;
    try {
      await ask(form);
    } catch (refused) {
      const known = refused.name === "InvalidStateError";
      problem.textContent = known ? problem.dataset.known : problem.dataset.problem;
      problem.hidden = false;
    }
  });
}
