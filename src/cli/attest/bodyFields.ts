import { isZero, toHex } from '../../attestation/bytes';
import type { Quote } from '../../attestation/quote';
import type { TdBody } from '../../attestation/tdBody';
import { attributesText, xfamText } from './bits';
import { field, type Field, type Section } from './field';

const RTMRS: readonly [meaning: string, difference: string][] = [
  [
    'firmware settings, ACPI tables, count of CPUs, memory: part of the shape',
    'other virtual hardware or firmware settings: the shapes differ',
  ],
  ['boot loader and kernel: part of the image', 'another boot loader or kernel: the images differ'],
  [
    'kernel command line and initial RAM disk: part of the image',
    'another command line or initial RAM disk: the images differ',
  ],
  [
    'what the image measured after its boot; zero where it measures nothing: part of the image',
    'the image measured other things: the images differ',
  ],
];

/** What the TDX module said of the TD. */
export function bodySection(quote: Quote): Section {
  const { body } = quote;
  return {
    title: 'Trust domain (signed by the attestation key)',
    fields: [
      ...moduleFields(body),
      ...attributeFields(body),
      ...measurementFields(body),
      ...serviceFields(body),
    ],
  };
}

function moduleFields(body: TdBody): Field[] {
  return [
    svnField('tee-tcb-svn', body.teeTcbSvn),
    field('mrseam', hashText(body.mrSeam), 'hash of the TDX module', 'another TDX module'),
    field(
      'mrsignerseam',
      hashText(body.mrSignerSeam),
      'who signed the TDX module; zero for Intel',
      'a TDX module of another signer: not to be trusted unless both are zero',
    ),
    field(
      'seamattributes',
      toHex(body.seamAttributes),
      'of the TDX module; zero',
      'another kind of TDX module',
    ),
  ];
}

function svnField(name: string, svn: Uint8Array): Field {
  return field(
    name,
    toHex(svn),
    `TDX module ${svn[1]!}.${svn[0]!} (version, security version), late microcode ${svn[2]!}`,
    'other security versions of module or microcode: the TCB status may differ',
  );
}

function attributeFields(body: TdBody): Field[] {
  return [
    field(
      'tdattributes',
      toHex(body.tdAttributes),
      `${attributesText(body.tdAttributes)}: part of the image`,
      'other protections: the images differ',
    ),
    field(
      'xfam',
      toHex(body.xfam),
      `processor features: ${xfamText(body.xfam)}; part of the shape`,
      'other processor features: the shapes differ',
    ),
  ];
}

function measurementFields(body: TdBody): Field[] {
  const image = 'part of the image';
  return [
    field(
      'mrtd',
      toHex(body.mrTd),
      `the virtual firmware as it was loaded: ${image}`,
      'another firmware: the images differ',
    ),
    field(
      'mrconfigid',
      hashText(body.mrConfigId),
      `set by who started the TD: ${image}`,
      'the images differ',
    ),
    field('mrowner', hashText(body.mrOwner), `set by who started the TD: ${image}`, 'the images differ'),
    field(
      'mrownerconfig',
      hashText(body.mrOwnerConfig),
      `set by who started the TD: ${image}`,
      'the images differ',
    ),
    ...body.rtmrs.map((rtmr, i) => field(`rtmr${i}`, hashText(rtmr), ...RTMRS[i]!)),
    field(
      'report-data-statement',
      toHex(body.reportData.subarray(0, 32)),
      'first half of the report data: a worker puts the digest of its statement here',
      'another statement: other keys or other dates',
    ),
    field(
      'report-data-block',
      toHex(body.reportData.subarray(32)),
      'second half: a worker puts the root hash of a recent masterchain block here',
      'made at another time',
    ),
  ];
}

function serviceFields({ teeTcbSvn2, mrServiceTd }: TdBody): Field[] {
  if (teeTcbSvn2 === null || mrServiceTd === null) return [];
  return [
    svnField('tee-tcb-svn2', teeTcbSvn2),
    field(
      'mrservicetd',
      hashText(mrServiceTd),
      'a service TD that may move this one; zero: none',
      'a service TD is bound, or another one',
    ),
  ];
}

function hashText(bytes: Uint8Array): string {
  return isZero(bytes) ? 'zero' : toHex(bytes);
}
