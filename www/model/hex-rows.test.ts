/** Claim: in the memory around a fault each byte is marked as what it is, and the damaged ones as damaged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULTS, OBJECT } from '../test/fake-audit.ts';
import { damagedRange, damageWords, hexByte, hexRows, PER_ROW, signedOffset, wordBytes, type HexByte } from './hex-rows.ts';

const of = (id: number) => FAULTS.find((fault) => fault.id === id) ?? assert.fail(`no fault ${id}`);
const all = (fault: Parameters<typeof hexRows>[0]): HexByte[] => hexRows(fault).flatMap(({ bytes }) => bytes.filter((byte) => byte !== undefined));
const [overrun, modified, underrun, foreign] = [of(9), of(8), of(2), of(3)];

test('rows have eight bytes, begin at multiples of eight, and have every byte once', () => {
  const rows = hexRows(overrun);
  assert.equal(rows.length, 16);
  assert.ok(rows.every(({ at, bytes }) => at % PER_ROW === 0 && bytes.length === PER_ROW));
  assert.deepEqual(all(overrun).map(({ byte }) => byte), [...overrun.around]);
  assert.equal(rows.find(({ offset }) => offset === 0)?.at, OBJECT);
  assert.equal(rows.find(({ offset }) => offset === 8)?.text, 'ijklmnop');
});

test('memory that begins and ends in the middle of a row leaves the rest of it empty', () => {
  const rows = hexRows({ ...overrun, aroundAt: OBJECT - 3, around: Uint8Array.of(0xfa, 0xce, 0xff, 0x61, 0x62) });
  assert.deepEqual(rows.map(({ at, bytes }) => [at, bytes.map((byte) => byte?.byte)]), [
    [OBJECT - 8, [undefined, undefined, undefined, undefined, undefined, 0xfa, 0xce, 0xff]], [OBJECT, [0x61, 0x62, undefined, undefined, undefined, undefined, undefined, undefined]],
  ]);
  assert.equal(rows[1]?.text, 'ab      ');
});

test('the object, the guards up to where their pattern ends, and the rest', () => {
  const parts = all(overrun);
  const range = (part: string): [number, number] => {
    const found = parts.filter((byte) => byte.part === part).map(({ at }) => at - OBJECT);
    return [Math.min(...found), Math.max(...found)];
  };
  assert.deepEqual(range('object'), [0, 23]);
  assert.deepEqual(range('guard'), [-16, 47]);
  assert.deepEqual(parts.filter(({ damaged }) => damaged).map(({ at }) => at - OBJECT), [24, 25, 26]);
  assert.ok(parts.filter(({ at }) => at < OBJECT - 16 || at >= OBJECT + 48).every(({ part }) => part === 'other'));
});

test('damage before the object and in it', () => {
  assert.deepEqual(all(underrun).filter(({ damaged }) => damaged).map(({ at, part }) => [at - OBJECT, part]), [[-1, 'guard']]);
  assert.deepEqual(all(underrun).filter(({ part, at }) => part === 'guard' && at < OBJECT).length, 16, 'damage does not end a guard');
  assert.deepEqual(all(modified).filter(({ damaged }) => damaged).map(({ at, part }) => [at - OBJECT, part]), [8, 9, 10, 11].map((offset) => [offset, 'object']));
});

test('without an object, and without memory', () => {
  const rows = hexRows({ ...overrun, object: 0 });
  assert.ok(rows.every(({ offset, bytes }) => offset === undefined && bytes.every((byte) => byte?.part === 'other' && !byte.damaged)));
  assert.deepEqual(hexRows(foreign), []);
  assert.equal(damagedRange(foreign), undefined);
});

test('an object as long as nonsense, or far away, ends with the memory that is there', () => {
  for (const [object, size] of [[OBJECT, 0xffff_ffff], [0xffff_fff0, 64], [OBJECT + 4096, 8], [8, 16]] as const) assert.equal(all({ ...overrun, object, size }).length, 128);
});

test('damage in words', () => {
  assert.equal(damageWords(overrun), '3 bytes are damaged, right behind the end of the object.');
  assert.equal(damageWords({ ...overrun, offset: 30 }), '3 bytes are damaged, 6 bytes behind the end of the object.');
  assert.equal(damageWords(underrun), 'One byte is damaged, right before the beginning of the object.');
  assert.equal(damageWords({ ...underrun, offset: -9 }), 'One byte is damaged, 9 bytes before the beginning of the object.');
  assert.equal(damageWords(modified), '4 bytes are damaged, from byte 8 of the object on.');
  assert.equal(damageWords(of(7)), '');
});

test('bytes, words and offsets as they lie in memory', () => {
  assert.equal(hexByte(7), '07');
  assert.equal(wordBytes(0xefbe_adde), 'de ad be ef');
  assert.deepEqual([0, 32, -1].map(signedOffset), ['+0x0', '+0x20', '−0x1']);
});
