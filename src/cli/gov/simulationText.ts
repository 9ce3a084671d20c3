import type { Address } from '@ton/core';
import type { Change } from '../../governance/changes';
import type { Standing } from '../../governance/standing';
import { account, coins, span, time } from '../../governance/words';
import { toJson } from '../connect';
import { COLUMNS, hang, paint, type Console } from '../console';
import type { RanContract, SimulatedStep } from './simulation';

export interface SimulationView {
  registry: Address;
  before: Standing;
  steps: readonly SimulatedStep[];
}

export function printSimulation(view: SimulationView, json: boolean, to: Console): void {
  to.write(json ? `${toJson(simulationJson(view))}\n` : simulationText(view, to));
}

function simulationText({ registry, before, steps }: SimulationView, to: Console): string {
  const head = `On a copy of registry ${account(registry)}, taken at ${time(before.nowUnix)}. Nothing was sent.`;
  const parts = steps.map((step, index) => stepText(step, index + 1, { registry, before }, to));
  return `${[hang(head, 0), ...parts, endText(steps, to)].join('\n\n')}\n`;
}

function stepText(
  step: SimulatedStep,
  number: number,
  { registry, before }: Pick<SimulationView, 'registry' | 'before'>,
  to: Console,
): string {
  const { doing, atUnix, sentNano, cameBackNano, ran, changes } = step;
  const later = atUnix > before.nowUnix ? `${span(atUnix - before.nowUnix)} later, ` : '';
  const title = `${number}  ${paint(to, 'bold', `At ${time(atUnix)}, ${later}${doing}`)}`;
  const money = `${coins(sentNano)} sent, ${coins(cameBackNano)} back`;
  return [
    title,
    ...ran.map((contract) => `   ${ranText(contract, registry, to)}`),
    `   ${paint(to, 'dim', money)}`,
    ...(changes.length > 0 ? changes.map((change) => changeText(change, to)) : ['   nothing changes']),
  ].join('\n');
}

function ranText(
  { account: who, exitCode, refusal, gas, feesNano }: RanContract,
  registry: Address,
  to: Console,
): string {
  const name = who.equals(registry) ? 'the registry' : account(who);
  const cost = `gas ${gas.toLocaleString('en-US')}, fees ${coins(feesNano)}`;
  if (refusal === null) return `${name} ${paint(to, 'green', 'accepts')}; ${paint(to, 'dim', cost)}`;
  const code = exitCode === null ? '' : ` (${exitCode})`;
  return `${name} ${paint(to, 'red', `refuses: ${refusal}${code}`)}; ${paint(to, 'dim', cost)}`;
}

/** `+ image 3f2a...`, `- ...`, `~ minimum stake  10 TON -> 5 TON`; a long entry goes on in the next line. */
function changeText({ what, key, from, to: now }: Change, to: Console): string {
  const [sign, how] =
    from === null
      ? (['+', 'green'] as const)
      : now === null
        ? (['-', 'red'] as const)
        : (['~', 'yellow'] as const);
  const value = from === null ? now! : now === null ? from : `${from} -> ${now}`;
  const name = key === null ? what : `${what} ${key}`;
  const line = `${name}  ${value}`;
  const indent = 5;
  const text =
    line.length <= COLUMNS - indent ? line : `${name}\n${' '.repeat(indent + 2)}${hang(value, indent + 2)}`;
  return `   ${paint(to, how, sign)} ${text}`;
}

function endText(steps: readonly SimulatedStep[], to: Console): string {
  const refused = steps.find(({ ran }) => ran.some(({ refusal }) => refusal !== null));
  if (!refused) return paint(to, 'green', 'It would be carried out to its end.');
  return paint(to, 'red', 'It would not be carried out: a contract refuses.');
}

function simulationJson({ registry, before, steps }: SimulationView): object {
  return {
    registry: account(registry),
    at: before.nowUnix,
    refused: steps.some(({ ran }) => ran.some(({ refusal }) => refusal !== null)),
    steps: steps.map(({ doing, sender, atUnix, sentNano, cameBackNano, ran, changes }) => ({
      doing,
      at: atUnix,
      sender: account(sender),
      sent_nano: sentNano,
      came_back_nano: cameBackNano,
      ran: ran.map((contract) => ({
        account: account(contract.account),
        exit_code: contract.exitCode,
        refusal: contract.refusal,
        gas: contract.gas,
        fees_nano: contract.feesNano,
      })),
      changes,
    })),
  };
}
