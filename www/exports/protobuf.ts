/** Writes messages of protocol buffers: varints, texts, and messages within messages. Pure; relies on nothing. Fields of 0 and of nothing are left out, as the format wants it. */

const VARINT = 0;
const BYTES = 2;
const encoder = new TextEncoder();

/** A message: fields in the order in which they are added. */
export class Message {
  #bytes = new Uint8Array(64);
  #length = 0;

  /** A whole number, 0 or more; larger ones than a number tells apart are bigints. */
  number(field: number, value: number | bigint): this {
    if (value === 0 || value === 0n) return this;
    this.#varint(field * 8 + VARINT);
    this.#varint(value);
    return this;
  }

  flag(field: number, value: boolean): this {
    return this.number(field, value ? 1 : 0);
  }

  /** A list of whole numbers, zeros too. */
  numbers(field: number, values: readonly number[]): this {
    if (values.length === 0) return this;
    const packed = new Message();
    for (const value of values) packed.#varint(value);
    return this.#delimited(field, packed.bytes());
  }

  /** A text of a list of texts, an empty one too. */
  text(field: number, value: string): this {
    return this.#delimited(field, encoder.encode(value));
  }

  message(field: number, value: Message): this {
    return this.#delimited(field, value.bytes());
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #delimited(field: number, bytes: Uint8Array): this {
    this.#varint(field * 8 + BYTES);
    this.#varint(bytes.length);
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  #varint(value: number | bigint): void {
    this.#room(10);
    for (let left = BigInt(value); ;) {
      const low = Number(left & 0x7fn);
      left >>= 7n;
      this.#bytes[this.#length] = left === 0n ? low : low | 0x80;
      this.#length += 1;
      if (left === 0n) return;
    }
  }

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
