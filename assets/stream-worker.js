/* One stream per browser and scene, shared by all of its tabs.

   The same file is the SharedWorker and, where there is none, a script of the page: then one tab is
   elected by navigator.locks and passes frames on by BroadcastChannel. Without either, each page
   opens its own stream. Streams are reopened here, not by EventSource: after an error status it
   would give up, and a half-open connection it would never notice. A new EventSource carries no
   Last-Event-ID, so the server answers with a full frame. */
(function () {
  "use strict";

  const RETRY_MS = [500, 1000, 2000, 2500];
  const SILENT_MS = 10000;
  const FORGET_MS = 180000;

  /* Keeps one stream open and its merged state. `emit(message)` tells everybody. `heard` is when the
     newest frame came in: a tab that joins later must not take an old frame for a new one. */
  function openStream(url, emit) {
    let source = null, timer = null, watch = null, closed = false;
    let state = null, retries = 0, heard = 0, tried = 0;

    function status(phase, nextAt) {
      emit({ type: "status", url, phase, retries, nextAt: nextAt || null });
    }

    function merge(frame) {
      if (frame.full) {
        state = Object.assign({}, frame, { props: Object.assign({}, frame.props) });
        return true;
      }
      if (!state) return false;
      if (frame.v === state.v) return true;
      if (frame.prev !== state.v) return false;
      const props = state.props;
      for (const id of Object.keys(frame.props)) {
        props[id] = Object.assign({}, props[id], frame.props[id]);
      }
      state = Object.assign({}, frame, { full: true, props });
      return true;
    }

    function reopen(delay) {
      if (closed) return;
      if (source) source.close();
      source = null;
      clearTimeout(timer);
      timer = setTimeout(connect, delay);
      status("waiting", Date.now() + delay);
    }

    function connect() {
      if (closed) return;
      tried = Date.now();
      source = new EventSource(url);
      source.addEventListener("frame", function (event) {
        let frame = null;
        try {
          frame = JSON.parse(event.data);
        } catch {
          return reopen(RETRY_MS[0]);
        }
        heard = Date.now();
        retries = 0;
        if (merge(frame)) emit({ type: "frame", url, frame, heard });
        else reopen(0);
      });
      source.onerror = function () {
        retries += 1;
        const base = RETRY_MS[Math.min(retries, RETRY_MS.length) - 1];
        reopen(base * (0.8 + 0.4 * Math.random()));
      };
      status("open");
    }

    connect();
    watch = setInterval(function () {
      if (source && Date.now() - Math.max(heard, tried) > SILENT_MS) {
        retries += 1;
        reopen(0);
      }
    }, 1000);

    return {
      full: function () { return state ? { type: "frame", url, frame: state, heard } : null; },
      close: function () {
        closed = true;
        clearTimeout(timer);
        clearInterval(watch);
        if (source) source.close();
      },
    };
  }

  /* Streams by URL and who listens to each. `send(client, message)` reaches one client. */
  function createHub(send) {
    const streams = new Map();
    const clients = new Map();

    function emitTo(url) {
      return function (message) {
        for (const [client, known] of clients) if (known.urls.has(url)) send(client, message);
      };
    }

    function tidy() {
      const now = Date.now();
      for (const [client, known] of clients) if (now - known.seen > FORGET_MS) clients.delete(client);
      for (const [url, stream] of streams) {
        const wanted = Array.from(clients.values()).some(function (known) { return known.urls.has(url); });
        if (!wanted) {
          stream.close();
          streams.delete(url);
        }
      }
    }

    return {
      take: function (client, message) {
        if (message.type === "bye") {
          clients.delete(client);
          return tidy();
        }
        const known = clients.get(client) || { urls: new Set(), seen: 0 };
        known.seen = Date.now();
        clients.set(client, known);
        if (message.type === "ping") return tidy();
        known.urls.add(message.url);
        if (!streams.has(message.url)) streams.set(message.url, openStream(message.url, emitTo(message.url)));
        else {
          const full = streams.get(message.url).full();
          if (full) send(client, full);
        }
      },
    };
  }

  if (typeof SharedWorkerGlobalScope !== "undefined" && self instanceof SharedWorkerGlobalScope) {
    const hub = createHub(function (port, message) { port.postMessage(message); });
    self.onconnect = function (event) {
      const port = event.ports[0];
      port.onmessage = function (note) { hub.take(port, note.data); };
      port.start();
    };
    return;
  }

  const here = document.currentScript.src;

  /* Page side: returns {send(message)}; `hear(message)` receives frames and statuses. */
  function viaWorker(hear) {
    const worker = new SharedWorker(here, { name: "bartizan" });
    worker.port.onmessage = function (note) { hear(note.data); };
    worker.port.start();
    return { send: function (message) { worker.port.postMessage(message); } };
  }

  function viaLock(hear) {
    const channel = new BroadcastChannel("bartizan");
    const me = String(Math.random()).slice(2);
    const asked = [];
    let hub = null;

    function deliver(client, message) {
      if (client === me) hear(message);
      else channel.postMessage({ to: client, message });
    }

    channel.onmessage = function (note) {
      const { to, from, message, elected } = note.data;
      if (elected && !hub) for (const old of asked) channel.postMessage({ from: me, message: old });
      else if (hub && from) hub.take(from, message);
      else if (to === me) hear(message);
    };
    navigator.locks.request("bartizan-stream", function () {
      hub = createHub(deliver);
      for (const old of asked) hub.take(me, old);
      channel.postMessage({ elected: true });
      return new Promise(function () {});
    });
    return {
      send: function (message) {
        if (message.type === "want") asked.push(message);
        if (hub) hub.take(me, message);
        else channel.postMessage({ from: me, message });
      },
    };
  }

  function alone(hear) {
    const hub = createHub(function (client, message) { hear(message); });
    return { send: function (message) { hub.take("me", message); } };
  }

  self.bartizanStream = {
    join: function (hear, how) {
      const way = how || (typeof SharedWorker !== "undefined" ? "worker"
        : navigator.locks && typeof BroadcastChannel !== "undefined" ? "lock" : "alone");
      if (way === "worker") return viaWorker(hear);
      return way === "lock" ? viaLock(hear) : alone(hear);
    },
  };
})();
