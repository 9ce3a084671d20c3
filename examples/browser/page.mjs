// A chat that nobody in between can read. settings.json beside this page names chain, routers and escrow; the signer is a
// key that this browser makes and shows nobody. README.md says how to serve it.
import {
  createBrowserClient,
  keptSigner,
  publicKeyOf,
  verifyEvidence,
} from '../../dist/browser/cocoon.min.js';

const ui = Object.fromEntries([...document.querySelectorAll('[id]')].map((element) => [element.id, element]));
const coins = (nano) => `${(Number(nano) / 1e9).toFixed(6)} TON`;
const messages = [];

const signer = await keptSigner();
const settings = await (await fetch('settings.json')).json();
const client = await connect();
if (client) {
  ui.ask.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = ui.text.value.trim();
    if (text !== '') void ask(text);
  });
  ui.text.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey) return;
    event.preventDefault();
    ui.ask.requestSubmit();
  });
}

async function connect() {
  try {
    const client = await createBrowserClient({ ...settings, signer });
    await client.ready();
    const models = (await client.models()).filter(({ capabilities }) => capabilities.includes('chat'));
    if (models.length === 0) throw new Error(`No worker could be verified: ${reasons(client)}`);
    ui.model.replaceChildren(...models.map(({ id }) => new Option(id)));
    ui.model.hidden = false;
    const show = () => showPrice(models[ui.model.selectedIndex]);
    ui.model.addEventListener('change', show);
    show();
    say(...trustOf(models[0].cocoon.workers));
    enable(true);
    void showMoney(client);
    return client;
  } catch (error) {
    const hint =
      error.code === 'escrow_unknown' ? ` The key of this page is ${await publicKeyOf(signer)}.` : '';
    say(`${error.message} ${error.remedy ?? ''}${hint}`, 'bad');
    return null;
  }
}

function trustOf(workers) {
  const count = `${workers} worker${workers === 1 ? '' : 's'} verified by this page`;
  return settings.policy?.allowSimulated
    ? [`${count}, on simulated hardware: write nothing secret`, 'warn']
    : [`${count}, up to Intel\u2019s root`];
}

const reasons = (client) =>
  client
    .refusedWorkers()
    .map(({ link, reason }) => `${link}: ${reason}`)
    .join('; ') || 'the routers list none.';

/** Streams one answer, then shows what it cost and where it came from. */
async function ask(text) {
  enable(false);
  ui.text.value = '';
  messages.push({ role: 'user', content: text });
  ui.messages.append(
    Object.assign(document.createElement('li'), { className: 'question', textContent: text }),
  );
  const answer = addAnswer();
  try {
    const said = await stream(answer);
    messages.push({ role: 'assistant', content: said.text });
    await showEvidence(answer, said.cocoon);
    void showMoney(client);
  } catch (error) {
    answer.text.textContent += ` [${error.message}]`;
    answer.item.classList.add('failed');
  }
  enable(true);
}

async function stream(answer) {
  const response = await client.fetch('https://cocoon.invalid/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: ui.model.value,
      messages,
      max_tokens: 256,
      stream: true,
      stream_options: { include_usage: true },
    }),
  });
  if (!response.ok) throw new Error((await response.json()).error.message);
  let cocoon = null;
  let whole = false;
  for await (const data of events(response.body)) {
    whole = data === '[DONE]';
    if (whole) break;
    const chunk = JSON.parse(data);
    if (chunk.error) throw new Error(chunk.error.message);
    answer.text.textContent += chunk.choices[0]?.delta.content ?? '';
    cocoon = chunk.cocoon ?? cocoon;
    answer.item.scrollIntoView({ block: 'end' });
  }
  // Without its end it is no answer, however much of it came.
  if (!whole) throw new Error('the answer was cut off');
  return { text: answer.text.textContent, cocoon };
}

/** The data of each server-sent event. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = '';
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const parts = (waiting + next.value).split('\n\n');
    waiting = parts.pop();
    for (const part of parts) if (part.startsWith('data: ')) yield part.slice(6);
  }
}

/** The chain from this answer to the hardware, link by link, from the bundle that could be given to anybody. */
async function showEvidence({ item, details }, { receipt, cost_nano: cost }) {
  details.hidden = false;
  details.querySelector('.cost').textContent = coins(cost);
  const bundle = client.evidence(receipt);
  const policy = { allowSimulated: settings.policy?.allowSimulated ?? false };
  const { ok, root, links } = await verifyEvidence(bundle, { policy });
  const checked = links.filter(({ state }) => state === 'ok').length;
  item.classList.add(ok ? (root === 'simulated' ? 'simulated' : 'ok') : 'failed');
  details.querySelector('.verdict').textContent = ok
    ? `${checked} links verified${root === 'simulated' ? ', up to a simulated root' : ''}`
    : `${links.find(({ state }) => state === 'failed').name} does not hold`;
  details.querySelector('.links').replaceChildren(...links.map(linkRow));
  const file = new Blob([JSON.stringify(bundle, null, 2), '\n'], { type: 'application/json' });
  details.querySelector('.save').href = URL.createObjectURL(file);
}

function linkRow({ name, state, detail }) {
  const row = document.createElement('li');
  row.className = state === 'not checked' ? 'unchecked' : state;
  const span = (className, text) =>
    Object.assign(document.createElement('span'), { className, textContent: text });
  row.append(span('name', name), span('detail', state === 'not checked' ? `not checked: ${detail}` : detail));
  return row;
}

function addAnswer() {
  const item = document.getElementById('answer').content.firstElementChild.cloneNode(true);
  ui.messages.append(item);
  return { item, text: item.querySelector('.text'), details: item.querySelector('details') };
}

async function showMoney(client) {
  const { freeNano, allocatedNano } = await client.balance();
  ui.money.textContent = `${coins(freeNano)} free, ${coins(allocatedNano)} on lines`;
}

function showPrice({ cocoon: { ask } }) {
  const perMillion = (nano) => `${Number(nano) / 1e9} TON`;
  ui.price.textContent = `per million tokens: ${perMillion(ask.prompt_nano)} in, ${perMillion(ask.completion_nano)} out`;
}

function say(text, tone = '') {
  ui.state.textContent = text;
  ui.state.className = tone;
}

function enable(on) {
  ui.text.disabled = !on;
  ui.ask.querySelector('button').disabled = !on;
  if (on) ui.text.focus();
}
