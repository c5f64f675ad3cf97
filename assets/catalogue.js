/* Hides the rows of the catalogue that this reader does not look for. The stream fills all rows alike for everybody; which of
   them are seen is known here alone. Writes only `data-off` and `aria-pressed`, and the text of the counter, which Dash never
   sets. The choice stands in the address. */
(function () {
  "use strict";

  const FROZEN = ["LATE", "STALE", "NODATA", "BAD"];
  let bar = null, want = { q: "", domain: "", state: "" };

  function fits(row, domain) {
    if (want.domain && want.domain !== domain) return false;
    const is = row.dataset;
    if (want.state === "absent" && is.kind !== "absent") return false;
    if (want.state === "alarm" && !is.alarm) return false;
    if (want.state === "odd" && !is.odd) return false;
    const isOld = FROZEN.includes(is.quality) || Boolean(is.aged);
    if (want.state === "stale" && (is.kind === "absent" || !isOld)) return false;
    return want.q.split(/\s+/).every(function (word) { return (is.text || "").includes(word); });
  }

  function toggle(node, name, on) {
    if (node.hasAttribute(name) !== on) node.toggleAttribute(name, on);
  }

  function draw() {
    let shown = 0, all = 0;
    for (const body of document.querySelectorAll(".bz-itable tbody")) {
      let some = 0;
      for (const row of body.querySelectorAll(".bz-irow")) {
        const is = fits(row, body.dataset.domain);
        toggle(row, "data-off", !is);
        all += 1;
        some += is ? 1 : 0;
      }
      toggle(body, "data-off", some === 0);
      shown += some;
    }
    for (const chip of bar.querySelectorAll("[data-filter]")) {
      const on = String(want[chip.dataset.filter] === chip.dataset.value);
      if (chip.getAttribute("aria-pressed") !== on) chip.setAttribute("aria-pressed", on);
    }
    const told = bar.querySelector("[data-template]");
    const text = told.dataset.template.replace("{n}", shown).replace("{of}", all);
    if (told.textContent !== text) told.textContent = text;
  }

  function keep() {
    const query = new URLSearchParams(location.search);
    for (const name of ["q", "domain", "state"]) {
      if (want[name]) query.set(name, want[name]); else query.delete(name);
    }
    const text = query.toString();
    history.replaceState(history.state, "", location.pathname + (text ? "?" + text : ""));
    draw();
  }

  function begin(found) {
    bar = found;
    const query = new URLSearchParams(location.search);
    want = {
      q: (query.get("q") || "").trim().toLowerCase(),
      domain: query.get("domain") || "",
      state: query.get("state") || "",
    };
    bar.addEventListener("input", function (event) {
      if (event.target.type !== "search") return;
      want.q = event.target.value.trim().toLowerCase();
      keep();
    });
    bar.addEventListener("click", function (event) {
      const chip = event.target.closest("[data-filter]");
      if (!chip) return;
      want[chip.dataset.filter] = chip.dataset.value;
      keep();
    });
    draw();
  }

  let due = 0;

  new MutationObserver(function () {
    if (due) return;
    due = requestAnimationFrame(function () {
      due = 0;
      const found = document.querySelector(".bz-cbar");
      if (!found) { bar = null; return; }
      if (found !== bar) begin(found); else draw();
    });
  }).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true,
    attributeFilter: ["data-quality", "data-alarm", "data-odd", "data-aged"],
  });
})();
