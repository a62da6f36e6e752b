/** What an interceptor does for the calls of one method. */
export interface Step<Call, Hooks> {
  /** The interceptor's name, for warnings and for the text of calls that it failed. */
  readonly name: string;
  begin(call: Call): Hooks | void;
}

/** The interceptors of a pass, outermost first. All calls of a method share one list: none of them has to make it. */
export class Steps<Call, Hooks> {
  private neighbour: Steps<Call, Hooks> | undefined;
  private joined: Steps<Call, Hooks> | undefined;

  constructor(readonly list: readonly Step<Call, Hooks>[]) {}

  /** These, and those that stand further in. The last answer is remembered: the next call's neighbours are the same. */
  and(neighbour: Steps<Call, Hooks>): Steps<Call, Hooks> {
    if (this.neighbour !== neighbour) {
      this.neighbour = neighbour;
      this.joined = new Steps([...this.list, ...neighbour.list]);
    }
    return this.joined!;
  }
}
