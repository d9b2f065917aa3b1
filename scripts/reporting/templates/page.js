// Sorts, filters and switches the unit of the tables, which are whole
// without it.
"use strict";

for (const table of document.querySelectorAll("table[data-sortable]")) {
	for (const head of table.tHead.rows[0].cells) {
		addButton(table, head);
	}
}
for (const controls of document.querySelectorAll(".controls")) {
	addControls(controls, document.getElementById(controls.dataset.for));
}

// A head becomes a button: a click, Enter or Space sorts by its column.
function addButton(table, head) {
	const button = document.createElement("button");
	button.type = "button";
	button.append(...head.childNodes);
	head.append(button);
	button.addEventListener("click", () => sort(table, head));
}

// What a cell is sorted by: its number, else its text.
function keyOf(cell) {
	return cell.dataset.key === undefined ? cell.textContent.trim() :
		Number(cell.dataset.key);
}

function compare(one, other) {
	return typeof one === "number" && typeof other === "number" ?
		one - other :
		String(one).localeCompare(String(other), "en", {numeric: true});
}

function sort(table, head) {
	const falls = head.getAttribute("aria-sort") === "ascending";
	const sign = falls ? -1 : 1;
	const column = head.cellIndex;
	for (const cell of table.tHead.rows[0].cells) {
		cell.removeAttribute("aria-sort");
	}
	head.setAttribute("aria-sort", falls ? "descending" : "ascending");
	const rows = [...table.tBodies[0].rows].map(
		(row) => ({row, key: keyOf(row.cells[column])}));
	rows.sort((one, other) => sign * compare(one.key, other.key));
	table.tBodies[0].append(...rows.map((one) => one.row));
}

function addControls(controls, table) {
	const search = controls.querySelector("[data-filter]");
	const count = controls.querySelector("[data-count]");
	const filter = () => show(table, search.value, count);
	search.addEventListener("input", filter);
	for (const choice of controls.querySelectorAll("input[type=radio]")) {
		choice.addEventListener("change", () => use(table, choice));
		choice.checked = choice.defaultChecked;
	}
	controls.hidden = false;
	search.value = "";
	filter();
}

// Shows the rows that hold all the words, in any order.
function show(table, text, count) {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean);
	const rows = [...table.tBodies[0].rows];
	let shown = 0;
	for (const row of rows) {
		const said = row.textContent.toLowerCase();
		row.hidden = !words.every((word) => said.includes(word));
		shown += row.hidden ? 0 : 1;
	}
	count.textContent = `${shown} of ${rows.length} rows`;
}

// Puts every figure of the table into a unit.
function use(table, choice) {
	const unit = choice.value;
	for (const cell of table.querySelectorAll("td[data-ns]")) {
		cell.textContent = cell.dataset[unit] ?? "–";
	}
	table.querySelector("[data-unit]").textContent =
		choice.parentElement.textContent.trim();
}
