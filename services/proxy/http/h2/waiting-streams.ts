/** A first-in first-out queue whose members may leave while they wait. */
export class WaitingStreams<T extends { readonly closed: boolean }> {
  size = 0;
  #members: T[] = [];
  #first = 0;

  push(member: T): void {
    this.size++;
    this.#members.push(member);
  }

  /** The first that has not been closed meanwhile. */
  shift(): T | undefined {
    while (this.#first < this.#members.length) {
      const member = this.#members[this.#first++]!;
      this.#compact();
      if (member.closed) continue;
      this.size--;
      return member;
    }
    return undefined;
  }

  /** A member that waits is about to be closed. */
  leave(): void {
    this.size--;
  }

  #compact(): void {
    if (this.#first * 2 < this.#members.length) return;
    this.#members = this.#members.slice(this.#first);
    this.#first = 0;
  }
}
