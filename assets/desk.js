/* Marks the row that the address has chosen. The stream fills the rows alike for everybody, so which
   of them is this reader's own is known here alone. Writes only `data-chosen`, which Dash never sets, and scrolls to the
   part that the address asked for, once. */
(function () {
  "use strict";

  function chosen() {
    const query = new URLSearchParams(location.search);
    return { occurrence: query.get("alert") || query.get("id"), feed: query.get("feed") };
  }

  function mark() {
    const want = chosen();
    for (const row of document.querySelectorAll("tr[data-occurrence], tr[data-feed], tr[data-chosen]")) {
      const is = (want.occurrence && row.dataset.occurrence === want.occurrence)
        || (want.feed && row.dataset.feed === want.feed);
      if (Boolean(is) !== row.hasAttribute("data-chosen")) row.toggleAttribute("data-chosen", Boolean(is));
    }
  }

  /* Whoever turned a page of the quarantine wants to see it, not the top of the panel. */
  let shown = "";

  function reach() {
    const here = document.querySelector('[data-here="true"]');
    if (!here || shown === location.search || !here.offsetParent) return;
    shown = location.search;
    here.scrollIntoView({ block: "start" });
  }

  let due = 0;

  new MutationObserver(function () {
    if (due) return;
    due = requestAnimationFrame(function () { due = 0; mark(); reach(); });
  }).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["data-occurrence", "data-feed"],
  });
})();
