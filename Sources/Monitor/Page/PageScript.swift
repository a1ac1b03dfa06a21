/// The page's one script: copies commands, sorts and filters the agents, and follows what happens.
///
/// It makes no markup of data: texts become text nodes.
enum PageScript {
  static let text = #"""
    (() => {
    'use strict';
    const $ = (id) => document.getElementById(id);
    const make = (name, props = {}, ...children) => {
      const node = Object.assign(document.createElement(name), props);
      node.append(...children);
      return node;
    };
    const served = /^https?:$/.test(location.protocol);
    let token = null;
    try { token = sessionStorage.getItem('agora-token'); } catch { token = null; }

    // Commands can be copied.
    const addCopies = (root) => {
      if (!navigator.clipboard) return;
      for (const command of root.querySelectorAll('.card .cmd')) {
        if (command.querySelector('.copy')) continue;
        const text = command.textContent;
        const button = make('button', { type: 'button', className: 'copy', textContent: 'copy' });
        button.setAttribute('aria-label', 'Copy: ' + text);
        button.addEventListener('click', async () => {
          try { await navigator.clipboard.writeText(text); button.textContent = 'copied'; }
          catch { button.textContent = 'not copied'; }
          setTimeout(() => { button.textContent = 'copy'; }, 1500);
        });
        command.append(button);
      }
    };

    // The agents: rows that stand in the page, or all of them from its data.
    const titles = { on_v4: 'on v4', silent: 'silent', migrated: 'migrated', native: 'native' };
    const order = { on_v4: 0, silent: 1, migrated: 2, native: 3 };
    const page = 200;
    let agents = [], shown = page, sortKey = null, descending = false;
    const perDay = (rate) => rate >= 10 ? String(Math.round(rate)) : rate < 0.1 ? '<0.1' : (Math.round(rate * 10) / 10).toFixed(1);

    const ofRow = (row) => {
      const cells = row.cells, text = (at) => cells[at].textContent.trim();
      return {
        row: () => row, name: row.querySelector('bdi').textContent, id: row.dataset.id, state: row.dataset.state,
        v4: text(2) === '–' ? '' : text(2), rate: Number(row.dataset.rate), reducers: text(4) === '–' ? '' : text(4),
        owns: Number(row.dataset.owns), v5: text(6) === '–' ? '' : text(6), stops: text(7) === '–' ? '~' : text(7),
      };
    };
    const plural = (count, noun) => count + ' ' + noun + (count === 1 ? '' : 's');
    const date = (day) => day === null ? '–' : new Date(day * 864e5).toISOString().slice(0, 10);
    const ofData = ({ reducers: known, states, trends }) => ([name, number, stateAt, v4, rate, trendAt, uses, tasks, workflows, v5, stops, marks]) => {
      let row = null;
      const id = number[0] === '=' ? number.slice(1) : 'agent_' + number;
      const state = states[stateAt], trend = trends[trendAt];
      const pairs = [];
      for (let at = 0; at + 1 < uses.length; at += 2) {
        const reducer = known[uses[at]];
        if (reducer) pairs.push([reducer[0], uses[at + 1], reducer[1]]);
      }
      const draw = () => {
        const head = make('th', { scope: 'row' }, make('bdi', { textContent: name }));
        for (const [bit, word] of [[1, 'never registered'], [2, 'exempt'], [4, 'acknowledged']]) {
          if (marks & bit) head.append(' ', make('small', { textContent: word }));
        }
        const rateCell = make('td', { className: 'figure' }, rate > 0 ? perDay(rate) + ' ' : '–');
        if (rate > 0) rateCell.append(make('small', { textContent: trend }));
        const usesCell = make('td', { className: 'uses' });
        for (const [reducer, calls, replacement] of pairs) {
          const use = make('span', {}, make('code', { textContent: reducer }), ' ' + calls);
          if (state === 'on_v4' && replacement) use.append(' → ', make('code', { textContent: replacement }));
          usesCell.append(use);
        }
        if (!pairs.length) usesCell.textContent = '–';
        const owned = [];
        if (tasks) owned.push(plural(tasks, 'task'));
        if (workflows) owned.push(plural(workflows, 'workflow'));
        return make('tr', {}, head,
          make('td', {}, make('span', { className: 'badge ' + state, textContent: titles[state] })),
          make('td', { textContent: date(v4) }), rateCell, usesCell,
          make('td', { className: 'figure', textContent: owned.join(', ') || '–' }),
          make('td', { textContent: date(v5) }), make('td', { textContent: date(stops) }));
      };
      return {
        row: () => row ??= draw(), name, id, state, v4: v4 ?? -1e9, rate, owns: tasks + workflows, v5: v5 ?? -1e9, stops: stops ?? 1e9,
        reducers: pairs.map((pair) => pair[0] + ' ' + (pair[2] || '')).join(' '),
      };
    };
    const readAgents = (root) => {
      const data = root.getElementById('agent-data');
      if (data) {
        const all = JSON.parse(data.textContent);
        agents = all.agents.map(ofData(all));
      } else {
        agents = [...root.querySelectorAll('#agent-rows > tr')].map((row) => ofRow(document.adoptNode(row)));
      }
    };
    const compare = (left, right) => {
      if (sortKey === 'rate' || sortKey === 'owns') return left[sortKey] - right[sortKey];
      if (sortKey === 'state') return order[left.state] - order[right.state];
      return left[sortKey] < right[sortKey] ? -1 : left[sortKey] > right[sortKey] ? 1 : 0;
    };
    const showAgents = () => {
      const body = $('agent-rows');
      if (!body || !$('tools')) return;
      const words = $('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
      const states = new Set([...document.querySelectorAll('.chip[aria-pressed=true]')].map((chip) => chip.dataset.state));
      let list = agents.filter((agent) => states.has(agent.state) && words.every((word) =>
        agent.name.toLowerCase().includes(word) || agent.id.includes(word) || agent.reducers.toLowerCase().includes(word)));
      if (sortKey) list = list.slice().sort((left, right) => descending ? compare(right, left) : compare(left, right));
      body.replaceChildren(...list.slice(0, shown).map((agent) => agent.row()));
      const all = list.length === agents.length ? plural(agents.length, 'agent') : list.length + ' of ' + plural(agents.length, 'agent');
      const status = list.length > shown ? all + ', the first ' + shown + ' shown' : all;
      if ($('shown').textContent !== status) $('shown').textContent = status;
      $('more').hidden = list.length <= shown;
    };
    const setUpAgents = () => {
      if (!$('tools')) return;
      $('tools').hidden = false;
      let waiting = 0;
      $('filter').addEventListener('input', () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => { shown = page; showAgents(); }, 80);
      });
      for (const chip of document.querySelectorAll('.chip')) {
        chip.addEventListener('click', () => {
          chip.setAttribute('aria-pressed', chip.getAttribute('aria-pressed') !== 'true');
          shown = page;
          showAgents();
        });
      }
      for (const head of document.querySelectorAll('#agent-table th[data-key]')) {
        const button = make('button', { type: 'button', className: 'sort', textContent: head.textContent });
        head.replaceChildren(button);
        button.addEventListener('click', () => {
          const key = head.dataset.key;
          const startsDown = ['rate', 'owns', 'v4', 'v5'].includes(key);
          if (sortKey === key) descending = !descending; else { sortKey = key; descending = startsDown; }
          for (const other of document.querySelectorAll('#agent-table th')) other.removeAttribute('aria-sort');
          head.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
          showAgents();
        });
      }
      $('more').addEventListener('click', () => { shown += page; showAgents(); });
      showAgents();
    };

    // A page that is served follows the events, and takes the report anew.
    const live = (word, state) => {
      const mark = $('live');
      if (!mark) return;
      mark.textContent = word;
      mark.className = 'live ' + state;
    };
    let liveWord = ['connecting', ''];
    const say = (word, state) => { liveWord = [word, state]; live(word, state); };
    const headers = () => token ? { Authorization: 'Bearer ' + token } : {};
    const fetchReport = () => fetch(location.pathname + location.search, { headers: { Accept: 'text/html', ...headers() }, cache: 'no-store' });
    const take = (text) => {
      const fresh = new DOMParser().parseFromString(text, 'text/html');
      if (!fresh.getElementById('verdict')) return false;
      if (!$('verdict')) {
        // The page that asked for a token becomes the report.
        document.title = fresh.title;
        const nodes = [...fresh.body.childNodes].filter((node) => node.nodeName !== 'SCRIPT');
        for (const old of [...document.body.childNodes]) if (old.nodeName !== 'SCRIPT') old.remove();
        document.body.prepend(...nodes.map((node) => document.adoptNode(node)));
        readAgents(document);
        setUpAgents();
        addCopies(document);
        return true;
      }
      document.title = fresh.title;
      for (const part of fresh.querySelectorAll('[data-live]')) {
        const old = $(part.id);
        if (!old) continue;
        const open = [...old.querySelectorAll('details')].map((details) => details.open);
        part.querySelectorAll('details').forEach((details, at) => { if (at in open) details.open = open[at]; });
        if (old.contains(document.activeElement) && document.activeElement !== document.body) continue;
        old.replaceWith(document.adoptNode(part));
      }
      if (!!$('tools') !== !!fresh.getElementById('tools')) {
        $('agents').replaceWith(document.adoptNode(fresh.getElementById('agents')));
        readAgents(document);
        setUpAgents();
      } else {
        readAgents(fresh);
        showAgents();
      }
      addCopies(document);
      live(...liveWord);
      return true;
    };
    let due = 0, last = 0, took = 0;
    const refresh = async () => {
      due = 0;
      const start = Date.now();
      try {
        const answer = await fetchReport();
        if (answer.ok) take(await answer.text());
      } catch { say('not reached', 'off'); }
      last = Date.now();
      took = last - start;
    };
    const schedule = () => {
      if (due) return;
      // A page of very many agents takes its time: the reader has nine tenths of it.
      const pause = Math.max(document.hidden ? 15000 : 2000, 9 * took);
      due = setTimeout(refresh, Math.max(200, last + pause - Date.now()));
    };
    const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
    const follow = async () => {
      let wait = 1000;
      for (;;) {
        try {
          const answer = await fetch('/events', { headers: { Accept: 'text/event-stream', ...headers() }, cache: 'no-store' });
          if (answer.status === 404 || !answer.body || !answer.ok) throw new Error('no events');
          say('live', 'on');
          wait = 1000;
          const reader = answer.body.getReader(), decoder = new TextDecoder();
          for (;;) {
            const { done, value } = await reader.read();
            if (done) break;
            if (/(^|\n)data:/.test(decoder.decode(value, { stream: true }))) schedule();
          }
        } catch { /* it is tried again below */ }
        // Without events the report is looked at now and then.
        say('looks again every ' + Math.round(wait / 1000) + ' s', 'off');
        await pause(wait);
        schedule();
        wait = Math.min(wait * 2, 30000);
      }
    };

    const unlock = $('unlock');
    if (unlock) {
      const open = async () => {
        const answer = await fetchReport();
        const text = answer.ok ? await answer.text() : '';
        if (!answer.ok || !take(text)) return false;
        follow();
        return true;
      };
      unlock.addEventListener('submit', async (event) => {
        event.preventDefault();
        token = $('token').value.trim();
        try {
          if (await open()) { try { sessionStorage.setItem('agora-token', token); } catch { /* then it is asked for again */ } }
          else $('unlock-error').textContent = 'The server does not take this token.';
        } catch { $('unlock-error').textContent = 'The server is not reached.'; }
      });
      if (token) open().catch(() => {});
      return;
    }
    readAgents(document);
    setUpAgents();
    addCopies(document);
    if (served) { say('connecting', ''); follow(); }
    })();
    """#
}
