/* Draws frames, keeps ages, and says when the display is not live.

   It writes only what Dash does not own: the text of empty <time> elements, `data-aged`, `--fresh`
   of the freshness line, and `data-live`, `data-phase`, `data-version`, `data-published-at` of a
   screen's root. All else goes through set_props, so that Dash and the page never disagree. */
(function () {
  "use strict";

  const DELAYED_MS = 5000;
  const DEAD_MS = 12000;
  const PING_MS = 20000;
  const TRY_AGAIN_MS = 3000;
  const started = Date.now();

  const screens = new Map(); // root element → what was drawn on it
  let link = null;
  let lastPing = 0;
  let reloading = false;

  /* The server's time. Both clocks of this PC carry it on, and the later one counts: the wall clock
     may be set back, the monotonic one stands still while the PC sleeps. */
  let wallOffset = 0, steadyOffset = Date.now() - performance.now();

  function now() { return Math.max(Date.now() + wallOffset, performance.now() + steadyOffset); }

  function setTime(sentAt, heard) {
    const past = Math.max(0, Date.now() - heard);
    wallOffset = sentAt + past - Date.now();
    steadyOffset = sentAt + past - performance.now();
  }

  /* ---------- frames ---------- */

  function streamUrl(root) {
    const query = new URLSearchParams({ scene: root.dataset.scene });
    if (root.dataset.locale) query.set("locale", root.dataset.locale);
    return new URL("/stream?" + query, location.href).href;
  }

  function find() {
    for (const root of screens.keys()) if (!root.isConnected) screens.delete(root);
    for (const root of document.querySelectorAll(".bz-screen[data-scene]")) {
      if (screens.has(root) || root.dataset.live === "rewound") continue;
      const screen = { root, url: streamUrl(root), v: null, published: null, isFirst: true,
        arrived: Date.now(), steady: performance.now(), retries: 0, nextAt: null,
        lastAt: Number(root.dataset.publishedAt) || null };
      screens.set(root, screen);
      if (!link) link = self.bartizanStream.join(hear);
      link.send({ type: "want", url: screen.url });
    }
  }

  function hear(message) {
    for (const screen of screens.values()) {
      if (screen.url !== message.url) continue;
      if (message.type === "frame") take(screen, message.frame, message.heard);
      else if (message.type === "status") {
        screen.retries = message.retries;
        screen.nextAt = message.nextAt;
      }
    }
  }

  function take(screen, frame, heard) {
    setTime(frame.sent_at, heard);
    const root = screen.root;
    if (root.dataset.build && frame.build && frame.build !== root.dataset.build) return reload();
    if (frame.v !== screen.v) {
      if (!frame.full && frame.prev !== screen.v) return link.send({ type: "want", url: screen.url });
      if (!draw(frame.props)) return;
      screen.v = frame.v;
    }
    screen.arrived = heard;
    screen.steady = performance.now() - Math.max(0, Date.now() - heard);
    screen.published = frame.published_at;
    screen.isFirst = false;
    screen.retries = 0;
    root.dataset.version = frame.v;
    root.dataset.publishedAt = String(frame.published_at);
    tick();
  }

  /* Returns false while the page cannot draw yet; the frame then counts as lost. */
  function draw(props) {
    const dash = self.dash_clientside;
    if (!dash || !dash.set_props) return false;
    for (const id of Object.keys(props)) {
      if (document.getElementById(id)) dash.set_props(id, props[id]);
    }
    return true;
  }

  function reload() {
    if (reloading) return;
    reloading = true;
    setTimeout(function () { location.reload(); }, 500 + Math.random() * 4500);
  }

  /* ---------- what time it is, and how old things are ---------- */

  const formats = new Map();

  function format(zone, form) {
    const key = zone + form;
    if (!formats.has(key)) {
      const options = form === "date"
        ? { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }
        : { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
      formats.set(key, new Intl.DateTimeFormat("en-CA", options));
    }
    return formats.get(key);
  }

  function clock(at, zone, locale, form) {
    if (form === "utc") return format("UTC", "time").format(at) + " UTC";
    if (form === "time") return format(zone, "time").format(at);
    const day = new Intl.DateTimeFormat(locale || "en", { timeZone: zone, weekday: "short" });
    return day.format(at).replace(".", "") + " " + format(zone, "date").format(at);
  }

  function two(value) { return String(value).padStart(2, "0"); }

  function span(ms, form, day) {
    const s = Math.max(0, Math.floor(ms / 1000));
    const hard = "\u00a0";
    if (form === "clock") {
      if (s < 3600) return Math.floor(s / 60) + ":" + two(s % 60);
      if (s < 172800) return Math.floor(s / 3600) + hard + "h" + hard + two(Math.floor(s / 60) % 60);
    }
    if (form === "words" && s >= 60 && s < 3600) {
      return Math.floor(s / 60) + hard + "min" + hard + (s % 60) + hard + "s";
    }
    if (s >= 172800) return Math.floor(s / 86400) + hard + day;
    if (s >= 3600) return Math.floor(s / 3600) + hard + "h";
    if (s >= 60) return Math.floor(s / 60) + hard + "min";
    return s + hard + "s";
  }

  function put(element, text) { if (element.textContent !== text) element.textContent = text; }

  function set(element, name, value) {
    if (value === null) {
      if (element.hasAttribute(name)) element.removeAttribute(name);
    } else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }

  function age(root, at, day) {
    for (const element of root.querySelectorAll("time[data-age]")) {
      const since = Number(element.dataset.at);
      put(element, since ? span(at - since, element.dataset.age, day) : "");
    }
  }

  /* Between frames, and when none come, a reading grows old by its own deadlines. */
  function decay(root, at) {
    for (const element of root.querySelectorAll("[data-late-at]")) {
      const { lateAt, staleAt, nodataAt, observedAt } = element.dataset;
      const aged = at >= Number(nodataAt) ? "nodata" : at >= Number(staleAt) ? "stale"
        : at >= Number(lateAt) ? "late" : null;
      set(element, "data-aged", aged);
      const line = element.querySelector(".bz-tile__fresh");
      if (line) {
        const share = (at - Number(observedAt)) / (Number(lateAt) - Number(observedAt));
        line.style.setProperty("--fresh", Math.max(0, Math.min(1, share)).toFixed(3));
      }
    }
    for (const element of root.querySelectorAll("[data-aged]:not([data-late-at])")) set(element, "data-aged", null);
  }

  /* ---------- live, delayed, dead ---------- */

  function judge(screen, at) {
    const root = screen.root;
    const quiet = Math.max(Date.now() - screen.arrived, performance.now() - screen.steady,
      screen.published ? at - screen.published : 0);
    const live = screen.isFirst || quiet >= DEAD_MS ? "dead" : quiet >= DELAYED_MS ? "delayed" : "live";
    set(root, "data-live", live);
    set(root, "data-phase", screen.isFirst && quiet < DEAD_MS ? "connecting" : null);
    if (live === "dead") tell(screen, at);
  }

  function tell(screen, at) {
    const root = screen.root;
    const zone = (root.querySelector("[data-zone]") || { dataset: {} }).dataset.zone || "UTC";
    const since = screen.published || screen.lastAt || at - (Date.now() - started);
    const words = {
      since: clock(since, zone, root.dataset.locale, "time"),
      clock: clock(since, zone, root.dataset.locale, "time").slice(0, 5),
      silent: span(at - since, "words", root.dataset.day),
      retry: String(screen.retries),
      next: span(Math.max(0, (screen.nextAt || Date.now()) - Date.now()), "short", root.dataset.day),
      screen: new URLSearchParams(location.search).get("screen") || "",
    };
    for (const element of root.querySelectorAll("[data-told]")) put(element, words[element.dataset.told] || "");
  }

  function tick() {
    const at = now();
    for (const screen of screens.values()) {
      judge(screen, at);
      age(screen.root, at, screen.root.dataset.day || "d");
      decay(screen.root, at);
    }
    for (const element of document.querySelectorAll("time[data-clock]")) {
      const root = element.closest("[data-locale]");
      put(element, clock(at, element.dataset.zone, root && root.dataset.locale, element.dataset.clock));
    }
  }

  /* ---------- the wall: size of type, turns ---------- */

  function size() {
    const wall = document.querySelector(".bz-wall:not([hidden])");
    if (wall && wall.dataset.root) document.documentElement.style.setProperty("--root", wall.dataset.root);
  }

  let turnedAt = Date.now();

  function turn() {
    const walls = document.querySelector(".bz-walls[data-turn]");
    if (!walls || walls.children.length < 2) return;
    const shown = Array.from(walls.children).findIndex(function (item) { return !item.hidden; });
    if (walls.children[shown].querySelector("[data-hold]")) turnedAt = Date.now();
    if (Date.now() - turnedAt < Number(walls.dataset.turn) * 1000) return;
    turnedAt = Date.now();
    walls.children[(shown + 1) % walls.children.length].hidden = false;
    walls.children[shown].hidden = true;
  }

  /* ---------- a page that never came ---------- */

  let asking = false;

  function rescue() {
    if (document.querySelector(".bz-screen, .bz-desk, .bz-page") || Date.now() - started < DEAD_MS || asking) return;
    asking = true;
    fetch("/healthz", { cache: "no-store" })
      .then(function (answer) { if (answer.ok) reload(); })
      .catch(function () {})
      .finally(function () { setTimeout(function () { asking = false; }, TRY_AGAIN_MS); });
  }

  function beat() {
    find();
    size();
    turn();
    tick();
    rescue();
    if (link && Date.now() - lastPing > PING_MS) {
      lastPing = Date.now();
      link.send({ type: "ping" });
    }
  }

  setInterval(beat, 1000);
  addEventListener("pageshow", beat);
  addEventListener("visibilitychange", beat);
  addEventListener("pagehide", function () { if (link) link.send({ type: "bye" }); });
  addEventListener("pageshow", function (event) {
    if (event.persisted) for (const screen of screens.values()) link.send({ type: "want", url: screen.url });
  });
  function isSeen(root) { return root.isConnected; }

  new MutationObserver(function () {
    if (!screens.size || !Array.from(screens.keys()).every(isSeen)) beat();
  })
    .observe(document.documentElement, { childList: true, subtree: true });

  self.bartizanLive = { hear, tick, screens };
})();
