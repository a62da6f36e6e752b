import { types } from 'node:util';
import { isError } from '../core/base/is-error.js';
import { errorFields, isMetadata, longText, metadataObject, readField } from './foreign-values.js';
import { REDACTED, type RedactState, type Redactor } from './redact.js';

/** Containers within containers beyond this are named, not shown. */
const MAX_DEPTH = 8;

/**
 * Makes what may be logged of any value: a copy of plain objects, lists, strings, numbers and booleans, redacted, and
 * of bounded size whatever the value is. Bytes are counted, not shown; cycles, BigInt, throwing getters and the like
 * become a word. The work is bounded too: of a 5 MB buffer nothing is read but its length.
 */
export class Previewer {
  /** @param maxLength About how many characters of JSON a preview may take. */
  constructor(
    private readonly redactor: Redactor,
    private readonly maxLength: number,
  ) {}

  /** A preview of a value, whose own fields are the first names of the paths to redact. */
  of(value: unknown): unknown {
    return new Walk(this.redactor, this.maxLength).value(value, this.redactor.start);
  }

  /** A preview of what stands under a name. */
  named(name: string, value: unknown): unknown {
    const state = this.redactor.enter(this.redactor.start, name);
    return state === undefined ? REDACTED : new Walk(this.redactor, this.maxLength).value(value, state);
  }
}

type Fields = Record<string, unknown>;

/** One preview in the making. */
class Walk {
  private readonly ancestors: object[] = [];

  constructor(
    private readonly redactor: Redactor,
    /** Characters still to spend. */
    private left: number,
  ) {}

  value(value: unknown, state: RedactState): unknown {
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
      case 'boolean':
        this.left -= 6;
        return value;
      case 'object':
        return value === null ? null : this.object(value, state);
      case 'bigint':
        return this.text(String(value));
      default:
        return undefined;
    }
  }

  private text(text: string): string {
    const room = Math.max(this.left, 0);
    this.left -= text.length + 2;
    return text.length <= room ? text : `${text.slice(0, room).toWellFormed()}… (${text.length} characters)`;
  }

  private object(object: object, state: RedactState): unknown {
    if (this.ancestors.includes(object)) return '[Circular]';
    if (this.ancestors.length === MAX_DEPTH) return Array.isArray(object) ? '[Array]' : '[Object]';
    this.left -= 3;
    this.ancestors.push(object);
    try {
      return this.contents(object, state);
    } catch {
      return '[Unreadable]';
    } finally {
      this.ancestors.pop();
    }
  }

  private contents(object: object, state: RedactState): unknown {
    if (ArrayBuffer.isView(object) || types.isAnyArrayBuffer(object)) return `<${object.byteLength} bytes>`;
    if (types.isDate(object)) return Number.isNaN(object.getTime()) ? 'Invalid Date' : object.toISOString();
    if (Array.isArray(object)) return this.list(object, object.length, state);
    if (types.isSet(object)) return this.list(object, object.size, state);
    if (types.isMap(object)) return this.map(object, state);
    if (isError(object)) return this.error(object, state);
    return longText(object) ?? this.fields(isMetadata(object) ? metadataObject(object) : object, state);
  }

  private list(items: Iterable<unknown>, size: number, state: RedactState): unknown[] {
    const shown: unknown[] = [];
    for (const item of items) {
      if (this.left <= 0) {
        shown.push(`… ${size - shown.length} more`);
        break;
      }
      const inner = this.redactor.enterElement(state, shown.length);
      shown.push(inner === undefined ? this.redacted() : (this.value(item, inner) ?? null));
    }
    return shown;
  }

  private fields(object: object, state: RedactState, shown: Fields = {}): Fields {
    const names = Object.keys(object);
    for (let i = 0; i < names.length && this.hasRoom(shown, names.length - i); i++) {
      this.field(shown, names[i]!, readField(object, names[i]!), state);
    }
    return shown;
  }

  private map(map: ReadonlyMap<unknown, unknown>, state: RedactState): Fields {
    const shown: Fields = {};
    let left = map.size;
    for (const [key, value] of map) {
      if (!this.hasRoom(shown, left--)) break;
      this.field(shown, keyText(key), value, state);
    }
    return shown;
  }

  /** Each error of a chain of causes stands for itself: paths begin anew at it. */
  private error(error: Error, state: RedactState): Fields {
    const shown: Fields = {};
    const { cause, errors, ...own } = errorFields(error);
    if (!hasFrames(own['stack'])) delete own['stack'];
    for (const name of ['type', 'message', 'stack']) this.field(shown, name, own[name], state);
    // A stack repeats the message.
    if (shown['message'] === REDACTED && shown['stack'] !== undefined) shown['stack'] = REDACTED;
    const { type: _type, message: _message, stack: _stack, ...rest } = own;
    this.fields(rest, state, shown);
    if (cause !== undefined) this.field(shown, 'cause', cause, state, this.redactor.start);
    if (Array.isArray(errors)) this.field(shown, 'errors', errors, state, this.redactor.start);
    return typed(shown);
  }

  /** @param inside Where paths stand inside the value, unless just behind its name. */
  private field(shown: Fields, name: string, value: unknown, state: RedactState, inside?: RedactState): void {
    const inner = this.redactor.enter(state, name);
    const preview = inner === undefined ? this.redacted() : this.value(value, inside ?? inner);
    if (preview === undefined) return;
    this.left -= 2;
    // The names of a message's map are the caller's: they are cut, and `__proto__` is a name like any other.
    const key = this.text(name);
    if (key === '__proto__') Object.defineProperty(shown, key, { value: preview, enumerable: true });
    else shown[key] = preview;
  }

  private hasRoom(shown: Fields, count: number): boolean {
    if (this.left > 0) return true;
    shown['…'] = `${count} more`;
    return false;
  }

  private redacted(): string {
    this.left -= REDACTED.length + 2;
    return REDACTED;
  }
}

/** A stack without frames only repeats type and message: this library's refusals have such. */
const hasFrames = (stack: unknown): boolean => typeof stack !== 'string' || /^\s+at /m.test(stack);

/**
 * pino's serializer of `err`, and those of others, take the type of whatever looks like an error from its constructor, and
 * would write that this copy is an `Object`.
 */
function typed(shown: Fields): Fields {
  const type = shown['type'];
  if (typeof type !== 'string') return shown;
  const constructor = Object.defineProperty(() => undefined, 'name', { value: type });
  return Object.defineProperty(shown, 'constructor', { value: constructor, configurable: true, writable: true });
}

/** The keys of a Map may be anything. */
const keyText = (key: unknown): string =>
  typeof key === 'string' || typeof key === 'number' || typeof key === 'bigint' ? String(key) : `[${typeof key}]`;
