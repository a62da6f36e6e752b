import type { Violation } from 'grpc-js-middleware';
import { integer } from './rules.js';

const DEFAULT_SIZE = 20;
const MAX_SIZE = 100;
const MAX_PAGE = 1_000_000;

interface PageRequest {
  readonly page: number;
  readonly pageSize: number;
}

/** Which part of a list: skip so many, take so many. */
export interface Page {
  readonly offset: number;
  readonly limit: number;
}

/** Pages start at 1, and 0 means 1; a size of 0 means 20. */
export function pageOf({ page, pageSize }: PageRequest): Page {
  const limit = pageSize || DEFAULT_SIZE;
  return { offset: ((page || 1) - 1) * limit, limit };
}

export function pageRules({ page, pageSize }: PageRequest): (Violation | undefined)[] {
  return [integer('page', page, 0, MAX_PAGE), integer('page_size', pageSize, 0, MAX_SIZE)];
}
