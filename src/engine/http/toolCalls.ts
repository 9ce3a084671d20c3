import { invalidParameter } from '../apiError';
import { createRules, literal } from '../json/rules';
import { schemaGrammar } from '../json/schemaGrammar';
import { textOf } from './conversation';
import type { ChatRequest } from './schemas';

type Tool = NonNullable<ChatRequest['tools']>[number];

/**
 * The calls that this engine makes, in order. Random weights never decide anything, so a rule does:
 *
 * - a tool that `tool_choice` names is called;
 * - else, when a user spoke last, every tool whose name stands in that message, in the order of the names there
 *   (only the first one with `parallel_tool_calls: false`);
 * - with `tool_choice: "required"` and no name found, the first tool;
 * - else none: the engine writes text. So it does after a tool's answer, and an agent's loop comes to an end.
 *
 * Throws ApiError 400 for a choice without tools, and one that names no tool.
 */
export function chooseTools(body: Pick<ChatRequest, ToolParameters>): Tool[] {
  const { tools = [], tool_choice: choice = 'auto' } = body;
  const named = typeof choice === 'object' ? choice.function.name : null;
  const names = tools.map((tool) => tool.function.name);
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (twice >= 0)
    throw invalidParameter(`tools.${twice}.function.name`, `Two tools are named '${names[twice]}'.`);
  if (choice === 'none' || (choice === 'auto' && tools.length === 0)) return [];
  if (tools.length === 0) throw invalidParameter('tool_choice', "'tool_choice' needs tools.");
  if (named !== null) {
    const tool = tools.find((each) => each.function.name === named);
    if (!tool) throw invalidParameter('tool_choice.function.name', `There is no tool '${named}'.`);
    return [tool];
  }
  const wanted = mentioned(tools, body.messages.at(-1)!);
  if (wanted.length === 0) return choice === 'required' ? [tools[0]!] : [];
  return body.parallel_tool_calls === false ? wanted.slice(0, 1) : wanted;
}
type ToolParameters = 'tools' | 'tool_choice' | 'parallel_tool_calls' | 'messages';

function mentioned(tools: readonly Tool[], last: ChatRequest['messages'][number]): Tool[] {
  if (last.role !== 'user') return [];
  const words: readonly string[] = textOf(last).match(/[a-zA-Z0-9_-]+/g) ?? [];
  const place = (tool: Tool): number => words.indexOf(tool.function.name);
  return tools.filter((tool) => place(tool) >= 0).sort((one, other) => place(one) - place(other));
}

/** What the model must write: one line "name arguments" per call. Arguments have no line breaks, so lines part calls. */
export function callsGrammar(calls: readonly Tool[], tools: readonly Tool[]): string {
  const rules = createRules('tools');
  const lines = calls.map((tool) => {
    const param = `tools.${tools.indexOf(tool)}.function.parameters`;
    const parameters = { type: 'object', ...tool.function.parameters };
    return `${literal(`${tool.function.name} `)} ${schemaGrammar(parameters, param, rules)}`;
  });
  return rules.text(lines.join(' "\\n" '));
}

/** A step of a call: its name once, then pieces of its arguments. */
export type CallDelta = { index: number; name: string } | { index: number; arguments: string };

/** Reads calls from text that comes in pieces of any size. */
export function createCallReader(): (text: string) => CallDelta[] {
  let [index, inName, name] = [0, true, ''];
  return (text) => {
    const deltas: CallDelta[] = [];
    let piece = '';
    const endPiece = (): void => {
      if (piece !== '') deltas.push({ index, arguments: piece });
      piece = '';
    };
    for (const character of text) {
      if (inName && character === ' ') {
        deltas.push({ index, name });
        [inName, name] = [false, ''];
      } else if (inName) name += character;
      else if (character === '\n') {
        endPiece();
        index++;
        inName = true;
      } else piece += character;
    }
    endPiece();
    return deltas;
  };
}
