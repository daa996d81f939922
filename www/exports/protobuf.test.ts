/** Claim: messages are the bytes that the description of the format gives for them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Message } from './protobuf.ts';

test('the examples of the format’s own description', () => {
  assert.deepEqual([...new Message().number(1, 150).bytes()], [0x08, 0x96, 0x01]);
  assert.deepEqual([...new Message().text(2, 'testing').bytes()], [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
  assert.deepEqual([...new Message().message(3, new Message().number(1, 150)).bytes()], [0x1a, 0x03, 0x08, 0x96, 0x01]);
  assert.deepEqual([...new Message().numbers(6, [3, 270, 86942]).bytes()], [0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05]);
});

test('numbers above 32 and above 53 bits, and a field above 15', () => {
  assert.deepEqual([...new Message().number(16, 2 ** 32).bytes()], [0x80, 0x01, 0x80, 0x80, 0x80, 0x80, 0x10]);
  assert.deepEqual([...new Message().number(1, 2n ** 63n).bytes()], [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
});

test('zeros are left out, but not those of lists; long messages grow', () => {
  assert.deepEqual([...new Message().number(1, 0).flag(2, false).numbers(3, []).bytes()], []);
  assert.deepEqual([...new Message().numbers(1, [0, 0]).text(2, '').bytes()], [0x0a, 2, 0, 0, 0x12, 0]);
  const long = new Message().text(1, 'x'.repeat(1000)).text(1, 'y').bytes();
  assert.deepEqual([long.length, long[0], long[1], long[2], long.at(-1)], [1006, 0x0a, 0xe8, 0x07, 0x79]);
});
