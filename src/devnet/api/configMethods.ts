import { Dictionary, Cell } from '@ton/core';
import { z } from 'zod';
import { ApiError } from './apiError';
import { method } from './method';
import { integerParam } from './params';
import { cellText } from '../cellText';

const configJson = (cell: Cell) => ({
  '@type': 'configInfo',
  config: { '@type': 'tvm.cell', bytes: cellText(cell) },
});

export const getConfigParam = method(
  z.object({
    config_id: integerParam.optional(),
    param: integerParam.optional(),
    seqno: integerParam.optional(),
  }),
  ({ emulator }, { config_id: configId, param }) => {
    const id = configId ?? param;
    if (id === undefined) throw new ApiError(422, 'config_id: Required');
    const parameters = emulator.config
      .beginParse()
      .loadDictDirect(Dictionary.Keys.Int(32), Dictionary.Values.Cell());
    const cell = parameters.get(id);
    if (!cell) throw new ApiError(404, `configuration parameter ${id} is not set`);
    return configJson(cell);
  },
);

export const getConfigAll = method(z.object({ seqno: integerParam.optional() }), ({ emulator }) =>
  configJson(emulator.config),
);
