import { FIELD_KIND, Field } from '../field.ts';
import { UNKNOWN_LENGTH } from '../head.ts';
import { readFieldLine } from './field-line.ts';
import { LF } from './grammar.ts';
import { REFUSAL, type Refusal } from './refusal.ts';

/** Fields a head may have. Defaults to 100, the limit of upstream's HTTP library. */
const MAX_FIELDS = 100;

const TE_TRAILERS = new Field('te', 'trailers');
const DIGITS = /^[0-9]{1,15}$/;

/**
 * The field section of one head, read line by line and sorted into what the head keeps and what belongs to this hop
 * (RFC 9110 section 7.6.1). One object serves one head after another: parsing never yields.
 */
export class HeadFields {
  fields: Field[] = [];
  /** The content-length, or UNKNOWN_LENGTH. */
  length = UNKNOWN_LENGTH;
  chunked = false;
  close = false;
  keepAlive = false;
  /** Connection names `upgrade`. */
  upgrades = false;
  upgrade = '';
  host: string | undefined;
  acceptsTrailers = false;
  expectsContinue = false;
  #named: string[] | undefined;

  /** Reads the lines of `text` from `at` to the empty line at its end. */
  read(text: string, at: number): Refusal | undefined {
    this.#reset();
    const last = text.length - 2;
    let count = 0;
    for (let from = at; from < last; ) {
      const end = text.indexOf('\r', from);
      if (text.charCodeAt(end + 1) !== LF) return REFUSAL.fieldValue;
      if (++count > MAX_FIELDS) return REFUSAL.tooManyFields;
      const field = readFieldLine(text, from, end);
      if (!(field instanceof Field)) return field;
      if (field.kind === FIELD_KIND.plain) this.fields.push(field);
      else {
        const refusal = this.#take(field);
        if (refusal !== undefined) return refusal;
      }
      from = end + 2;
    }
    if (this.chunked && this.length !== UNKNOWN_LENGTH) return REFUSAL.lengthAndEncoding;
    if (this.#named !== undefined) this.#removeNamed(this.#named);
    return undefined;
  }

  #reset(): void {
    this.fields = [];
    this.length = UNKNOWN_LENGTH;
    this.chunked = false;
    this.close = false;
    this.keepAlive = false;
    this.upgrades = false;
    this.upgrade = '';
    this.host = undefined;
    this.acceptsTrailers = false;
    this.expectsContinue = false;
    this.#named = undefined;
  }

  #take(field: Field): Refusal | undefined {
    switch (field.kind) {
      case FIELD_KIND.host:
        if (this.host !== undefined) return REFUSAL.hosts;
        this.host = field.value;
        return undefined;
      case FIELD_KIND.contentLength:
        return this.#takeLength(field);
      case FIELD_KIND.transferEncoding:
        if (this.chunked || field.value.toLowerCase() !== 'chunked') return REFUSAL.transferEncoding;
        this.chunked = true;
        return undefined;
      case FIELD_KIND.hop:
        if (field.name === 'connection') this.#takeConnection(field.value);
        return undefined;
      case FIELD_KIND.upgrade:
        this.#takeUpgrade(field.value);
        return undefined;
      case FIELD_KIND.te:
        this.#takeTe(field.value);
        return undefined;
      default:
        if (field.kind === FIELD_KIND.expect) {
          this.expectsContinue ||= field.value.toLowerCase() === '100-continue';
        }
        this.fields.push(field);
        return undefined;
    }
  }

  /** RFC 9110 section 8.6: digits only, and where it is repeated always the same; then one of them goes on. */
  #takeLength(field: Field): Refusal | undefined {
    if (!DIGITS.test(field.value)) return REFUSAL.contentLength;
    const length = Number(field.value);
    if (this.length === UNKNOWN_LENGTH) {
      this.length = length;
      this.fields.push(field);
      return undefined;
    }
    return this.length === length ? undefined : REFUSAL.contentLengths;
  }

  #takeConnection(value: string): void {
    for (const part of value.toLowerCase().split(',')) {
      const option = part.trim();
      if (option === 'close') this.close = true;
      else if (option === 'keep-alive') this.keepAlive = true;
      else if (option === 'upgrade') this.upgrades = true;
      else if (option !== '' && option !== 'te') {
        this.#named ??= [];
        this.#named.push(option);
      }
    }
  }

  /** HTTP/2 over cleartext is never upgraded to (facts sheet proxy-wire, section 6.3). */
  #takeUpgrade(value: string): void {
    for (const part of value.split(',')) {
      const protocol = part.trim();
      if (protocol === '' || protocol.toLowerCase() === 'h2c') continue;
      this.upgrade = this.upgrade === '' ? protocol : `${this.upgrade}, ${protocol}`;
    }
  }

  #takeTe(value: string): void {
    if (this.acceptsTrailers) return;
    for (const part of value.toLowerCase().split(',')) {
      if (part.trim() !== 'trailers') continue;
      this.acceptsTrailers = true;
      this.fields.push(TE_TRAILERS);
      return;
    }
  }

  /** What frames the message stays, whoever names it. */
  #removeNamed(named: readonly string[]): void {
    this.fields = this.fields.filter(
      (field) =>
        field.kind === FIELD_KIND.contentLength || field === TE_TRAILERS || !named.includes(field.name),
    );
  }
}
