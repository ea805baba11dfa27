/* A demo account fills in the form; the person still presses Sign in. */
"use strict";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-username]");
  if (!button) return;
  const form = document.getElementById("sign-in");
  form.elements.login.value = button.dataset.username;
  form.elements.password.value = button.dataset.password;
  form.querySelector("button.go").focus();
});
