import { answersAfter, fetchAfter } from '../../../src/browser/gate';
import { createJournal } from '../../../src/browser/journal';
import { createTables, EMPTY_CONTENTS, type Change } from '../../../src/browser/tables';

/** A disk that writes when it is told to. */
function createSlowDisk() {
  const writes: { changes: readonly Change[]; done: () => void; fail: (error: Error) => void }[] = [];
  return {
    writes,
    write: (changes: readonly Change[]) =>
      new Promise<void>((resolve, reject) => writes.push({ changes, done: resolve, fail: reject })),
  };
}

const change = (key: string): Change => ({ table: 'avoided', key, row: { worker: key } });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a journal', () => {
  test('writes what one turn of the page changed at once, and what came meanwhile together after it', async () => {
    const disk = createSlowDisk();
    const journal = createJournal(disk);
    journal.add([change('a'), change('b')]);
    journal.add([change('c')]);
    await turn();
    journal.add([change('d')]);
    journal.add([change('e')]);
    expect(disk.writes.map(({ changes }) => changes.map(({ key }) => key))).toEqual([['a', 'b', 'c']]);
    disk.writes[0]!.done();
    await turn();
    expect(disk.writes[1]!.changes.map(({ key }) => key)).toEqual(['d', 'e']);
    disk.writes[1]!.done();
    await journal.written();
  });

  test('whose disk failed takes nothing more, and tells whoever waits', async () => {
    const disk = createSlowDisk();
    const journal = createJournal(disk);
    const tables = createTables(EMPTY_CONTENTS, journal.add);
    tables.apply([change('a')]);
    const waiting = expect(journal.written()).rejects.toMatchObject({ code: 'books_unwritable' });
    await turn();
    disk.writes[0]!.fail(new Error('no room'));
    await waiting;
    expect(() => tables.apply([change('b')])).toThrow('cannot be written');
    // Memory does not go ahead of the disk.
    expect(tables.row('avoided', 'b')).toBeUndefined();
    await expect(journal.written()).rejects.toMatchObject({ code: 'books_unwritable' });
  });
});

describe('a page', () => {
  test('sends nothing before its books are on disk, and nothing at all when they cannot be', async () => {
    const disk = createSlowDisk();
    const journal = createJournal(disk);
    const sent: unknown[] = [];
    const fetch = fetchAfter(journal.written, async (input) => {
      sent.push(input);
      return new Response('ok');
    });
    journal.add([change('ticket')]);
    const answer = fetch('https://router.example/v1/jobs');
    await turn();
    expect(sent).toEqual([]);
    disk.writes[0]!.done();
    await expect((await answer).text()).resolves.toBe('ok');
    expect(sent).toHaveLength(1);

    journal.add([change('another')]);
    const refused = expect(fetch('https://router.example/v1/jobs')).rejects.toMatchObject({
      code: 'books_unwritable',
    });
    await turn();
    disk.writes[1]!.fail(new Error('no room'));
    await refused;
    expect(sent).toHaveLength(1);
  });

  test('hands out the end of an answer only once its bill is on disk, and an error instead when it cannot be', async () => {
    for (const outcome of ['done', 'fail'] as const) {
      const disk = createSlowDisk();
      const journal = createJournal(disk);
      async function* events() {
        yield Buffer.from('data: first\n\n');
        // Verified, and noted, before the end is given out.
        journal.add([change('bill')]);
        yield Buffer.from('data: [DONE]\n\n');
      }
      const fetch = answersAfter(journal.written, async () => new Response(ReadableStream.from(events())));
      const text = (await fetch('https://cocoon.invalid/v1/chat/completions')).text();
      await turn();
      await turn();
      if (outcome === 'done') disk.writes[0]!.done();
      else disk.writes[0]!.fail(new Error('no room'));
      const told = await text;
      expect(told.includes('[DONE]')).toBe(outcome === 'done');
      expect(told.includes('books_unwritable')).toBe(outcome === 'fail');
    }
  });

  test('reads bodies of browsers whose streams cannot be iterated over, and lets go of them early', async () => {
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Buffer.from('part')),
      cancel: () => void (cancelled = true),
    });
    const plain = new Proxy(body, {
      has: (target, key) => key !== Symbol.asyncIterator && key in target,
      get: (target, key) => {
        if (key === Symbol.asyncIterator && !Object.hasOwn(target, key)) return undefined;
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'function' && key !== Symbol.asyncIterator ? value.bind(target) : value;
      },
    });
    const response = { ok: true, body: plain } as unknown as Response;
    const fetch = fetchAfter(
      () => Promise.resolve(),
      async () => response,
    );
    const { body: readable } = await fetch('https://router.example/v1/book');
    for await (const part of readable as unknown as AsyncIterable<Uint8Array>) {
      expect(Buffer.from(part).toString()).toBe('part');
      break;
    }
    expect(cancelled).toBe(true);
  });
});
