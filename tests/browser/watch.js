// Put into every page before it runs: notes what a page that runs something
// foreign is caught by, the usual proofs of an attack and what its policy held
// back.
"use strict";

window.executed = [];
for (const name of ["alert", "confirm", "prompt", "eval", "open"]) {
	window[name] = () => { window.executed.push(name); };
}
document.addEventListener("securitypolicyviolation",
	(event) => window.executed.push(event.violatedDirective));
