import { encodeEvent } from '../sse';
import type {
  CallItem,
  MessageItem,
  OutputItem,
  ReasoningItem,
  RefusalPart,
  Said,
  TextPart,
  ThoughtPart,
} from './items';

type Part = TextPart | RefusalPart | ThoughtPart;
type Event = { type: string } & Record<string, unknown>;

/** The events of one response in OpenAI's order: every item and part is opened, filled, and closed before the next. */
export interface EventWriter {
  /** What has come so far. */
  readonly output: OutputItem[];
  /** Numbers an event and encodes it. */
  event(event: Event): Buffer;
  /** The events that this much of a chat makes. */
  add(said: Said): Generator<Buffer>;
  /** Closes what is open. */
  close(status: 'completed' | 'incomplete'): Generator<Buffer>;
}

/** `id` makes the ids of items. */
export function createEventWriter(id: string): EventWriter {
  const output: OutputItem[] = [];
  let sequence = 0;
  let part: Part | null = null;
  let open: OutputItem | null = null;
  let callIndex = -1;

  const event = (fields: Event): Buffer =>
    encodeEvent(JSON.stringify({ ...fields, sequence_number: sequence++ }), fields.type);
  const place = (item: OutputItem) => ({ item_id: item.id, output_index: output.indexOf(item) });
  const inPart = (item: OutputItem) => ({ ...place(item), content_index: 0 });

  function* start<T extends OutputItem>(item: T): Generator<Buffer, T> {
    yield* end('completed');
    output.push(item);
    open = item;
    yield event({ type: 'response.output_item.added', output_index: output.length - 1, item });
    return item;
  }

  function* startPart<T extends Part>(item: MessageItem | ReasoningItem, fresh: T): Generator<Buffer, T> {
    part = fresh;
    // The event shows the part while it is empty, the item fills it.
    yield event({ type: 'response.content_part.added', ...inPart(item), part: { ...fresh } });
    (item.content as Part[]).push(fresh);
    return fresh;
  }

  function* end(status: 'completed' | 'incomplete'): Generator<Buffer> {
    const item = open;
    if (!item) return;
    if (item.type === 'function_call') yield event(callDone(item, place(item)));
    else if (part) {
      yield event({ ...partDone(part), ...inPart(item) });
      yield event({ type: 'response.content_part.done', ...inPart(item), part });
    }
    item.status = status;
    yield event({ type: 'response.output_item.done', output_index: output.indexOf(item), item });
    open = null;
    part = null;
  }

  function* think(delta: string): Generator<Buffer> {
    const item: ReasoningItem =
      open?.type === 'reasoning'
        ? open
        : yield* start<ReasoningItem>({ type: 'reasoning', ...newItem('rs'), summary: [], content: [] });
    const thought = item.content[0] ?? (yield* startPart(item, { type: 'reasoning_text', text: '' }));
    thought.text += delta;
    yield event({ type: 'response.reasoning_text.delta', ...inPart(item), delta });
  }

  function* speak(delta: string, logprobs: unknown[]): Generator<Buffer> {
    const empty: TextPart = { type: 'output_text', text: '', annotations: [], logprobs: [] };
    const item = isMessageOf(open, 'output_text') ? open : yield* startMessage();
    const text = (item.content[0] ?? (yield* startPart(item, empty))) as TextPart;
    text.text += delta;
    text.logprobs.push(...logprobs);
    yield event({ type: 'response.output_text.delta', ...inPart(item), delta, logprobs });
  }

  function* refuse(delta: string): Generator<Buffer> {
    const item = isMessageOf(open, 'refusal') ? open : yield* startMessage();
    const refusal = (item.content[0] ??
      (yield* startPart(item, { type: 'refusal', refusal: '' }))) as RefusalPart;
    refusal.refusal += delta;
    yield event({ type: 'response.refusal.delta', ...inPart(item), delta });
  }

  function* call(made: Said['calls'][number]): Generator<Buffer> {
    let item = open?.type === 'function_call' && callIndex === made.index ? open : null;
    if (!item) {
      callIndex = made.index;
      const call_id = made.id || `call_${id}_${made.index}`;
      item = yield* start<CallItem>({
        ...{ type: 'function_call', ...newItem('fc'), call_id, name: made.name, arguments: '' },
      });
    }
    if (made.arguments === '') return;
    item.arguments += made.arguments;
    yield event({ type: 'response.function_call_arguments.delta', ...place(item), delta: made.arguments });
  }

  const newItem = (kind: string) => ({
    id: `${kind}_${id}_${output.length}`,
    status: 'in_progress' as const,
  });
  const startMessage = (): Generator<Buffer, MessageItem> =>
    start<MessageItem>({ type: 'message', ...newItem('msg'), role: 'assistant', content: [] });

  return {
    output,
    event,
    *add({ thought, text, refusal, logprobs, calls }) {
      if (thought !== '') yield* think(thought);
      if (text !== '') yield* speak(text, logprobs);
      if (refusal !== '') yield* refuse(refusal);
      for (const made of calls) yield* call(made);
    },
    close: end,
  };
}

function isMessageOf(item: OutputItem | null, part: 'output_text' | 'refusal'): item is MessageItem {
  return item?.type === 'message' && (item.content[0]?.type ?? part) === part;
}

function partDone(part: Part): Event {
  switch (part.type) {
    case 'output_text':
      return { type: 'response.output_text.done', text: part.text, logprobs: part.logprobs };
    case 'refusal':
      return { type: 'response.refusal.done', refusal: part.refusal };
    case 'reasoning_text':
      return { type: 'response.reasoning_text.done', text: part.text };
  }
}

function callDone(item: CallItem, place: object): Event {
  const { name, arguments: args } = item;
  return { type: 'response.function_call_arguments.done', ...place, name, arguments: args };
}
