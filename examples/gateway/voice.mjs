import { createReadStream } from 'node:fs';
import OpenAI from 'openai';

/** A voice message becomes text, and the text an answer. OGG/Opus or WAV. Run: node voice.mjs voice.ogg */
const openai = new OpenAI();
const file = process.argv[2] ?? new URL('voice.ogg', import.meta.url);

const { text } = await openai.audio.transcriptions.create({
  model: process.env.EAR ?? 'tiny-ear', // hears Morse code; a real network has Whisper
  file: createReadStream(file),
});
console.log(`heard: ${text}`);

const answer = await openai.chat.completions.create({
  model: process.env.MODEL ?? 'tiny-llama',
  messages: [{ role: 'user', content: `Answer this voice message: ${text}` }],
  max_tokens: 32,
});
console.log(`answer: ${answer.choices[0].message.content}`);
