import { expect, test } from 'vitest';
import { createHeadMemory, HeadRecall } from './head-memory.ts';
import { ownText, TextMemory } from './text-memory.ts';

const create = () => new TextMemory<number>({ slots: 64, longestText: 100, early: false });

test('TextMemory finds what was kept, by part of a longer text too, and never another text', () => {
  const memory = create();
  const texts = Array.from({ length: 500 }, (_, i) => `x-header: value number ${i}`);
  for (const [i, text] of texts.entries()) memory.keep(text, i);
  let found = 0;
  for (const [i, text] of texts.entries()) {
    const value = memory.find(`>>${text}<<`, 2, text.length + 2);
    if (value === undefined) continue;
    found++;
    expect(value).toBe(i);
  }
  // Bounded by two places a slot, and most of them in use.
  expect(found).toBeLessThanOrEqual(128);
  expect(found).toBeGreaterThan(60);
});

test('TextMemory compares whole texts: one that differs where nothing is sampled is another', () => {
  const memory = create();
  const text = 'a'.repeat(90);
  memory.keep(text, 1);
  for (let i = 0; i < text.length; i++) {
    const other = `${text.slice(0, i)}b${text.slice(i + 1)}`;
    expect(memory.find(other, 0, other.length)).toBeUndefined();
  }
  expect(memory.find(text, 0, text.length)).toBe(1);
});

test('TextMemory keeps what is used through a flood of texts that come once', () => {
  const memory = create();
  const used = 'accept: */*';
  memory.keep(used, 1);
  let kept = 0;
  for (let i = 0; i < 20_000; i++) {
    const once = `x-request-id: ${(i * 2_654_435_761).toString(16).padStart(16, '0')}`;
    if (memory.wasSeen(once, 0, once.length)) {
      kept++;
      memory.keep(ownText(once, 0, once.length), i);
    }
    if (i % 50 === 0) expect(memory.find(used, 0, used.length)).toBe(1);
  }
  expect(kept).toBeLessThan(200);
});

test('TextMemory sees a text for the second time, and never one too long to keep', () => {
  const memory = create();
  expect(memory.wasSeen('abc', 0, 3)).toBe(false);
  expect(memory.wasSeen('abc', 0, 3)).toBe(true);
  const long = 'x'.repeat(101);
  expect([memory.wasSeen(long, 0, 101), memory.wasSeen(long, 0, 101)]).toEqual([false, false]);
});

test('HeadRecall rests for longer and longer while heads do not repeat, and comes back when they do', () => {
  const memory = createHeadMemory<string>();
  const recall = new HeadRecall(memory);
  let asked = 0;
  const ask = (text: string) => {
    const found = recall.find(text);
    if (found === undefined && recall.wants(text)) recall.keep(text, text);
    return found;
  };
  const original = memory.find.bind(memory);
  memory.find = (text, start, end) => {
    asked++;
    return original(text, start, end);
  };
  for (let i = 0; i < 5000; i++) ask(`GET /${i * 7919} HTTP/1.1\r\n\r\n`);
  // One in sixteen, and some at first.
  expect(asked).toBeLessThan(400);
  const same = 'GET /same HTTP/1.1\r\n\r\n';
  let misses = 0;
  while (ask(same) === undefined) misses++;
  expect(misses).toBeLessThan(3100);
  asked = 0;
  for (let i = 0; i < 100; i++) expect(ask(same)).toBe(same);
  expect(asked).toBe(100);
});

test('HeadRecall comes to know the heads of an app that asks for many things in turn', () => {
  const memory = createHeadMemory<string>();
  const recall = new HeadRecall(memory);
  let found = 0;
  for (let i = 0; i < 20_000; i++) {
    const text = `GET /items/${i % 64} HTTP/1.1\r\nHost: web\r\n\r\n`;
    if (recall.find(text) !== undefined) found++;
    else if (recall.wants(text)) recall.keep(text, text);
  }
  expect(found).toBeGreaterThan(10_000);
});
