// Before one is in: the form for the name, and the end.

const $ = (id) => document.getElementById(id);
const NEW_PASSWORD = new Set(["guest", "short-password", "password-refused"]);

export class Entry {
  // `enter(name, password, register)`
  constructor(enter) {
    $("place").textContent = location.host;
    $("password").addEventListener("input", () => this.#offer());
    $("entry").addEventListener("submit", (event) => {
      event.preventDefault();
      const [name, password] = [$("name").value.trim(), $("password").value];
      if (!name) return;
      $("refusal").hidden = true;
      $("join").disabled = true;
      enter(name, password, Boolean(password) && $("register").checked);
    });
  }

  #offer() {
    $("registers").hidden = !$("password").value;
  }

  show(name = "", code = "", text = "") {
    $("chat").hidden = $("end").hidden = true;
    $("door").hidden = false;
    $("join").disabled = false;
    if (name) $("name").value = name;
    let why = text;
    if (code === "name-registered") why = `${name} is registered: write its password, or choose another name.`;
    if (code === "guest") why = "This chat is for registered users: write a new password, and the name is yours.";
    if (NEW_PASSWORD.has(code)) $("register").checked = true;
    if (code === "login-taken" || code === "name-registered") $("register").checked = false;
    $("refusal").textContent = why && `${why[0].toUpperCase()}${why.slice(1)}`;
    $("refusal").hidden = !why;
    const isPassword = code === "name-registered" || code === "incorrect-password" || NEW_PASSWORD.has(code);
    $("name").setAttribute("aria-invalid", String(Boolean(why) && !isPassword));
    $("password").setAttribute("aria-invalid", String(isPassword));
    if (isPassword) $("password").value = "";
    (isPassword ? $("password") : $("name")).focus();
    this.#offer();
  }

  hide() {
    $("door").hidden = $("end").hidden = true;
    $("password").value = "";
    $("chat").hidden = false;
  }

  // Say that the chat has ended here, and what to do.
  end(title, what, button, act) {
    $("door").hidden = $("chat").hidden = true;
    $("end").hidden = false;
    $("end-why").textContent = title;
    $("end-what").textContent = what;
    $("end-act").textContent = button;
    $("end-act").onclick = act;
    $("end-act").focus();
  }
}
