import 'reflect-metadata';
import { container, type DependencyContainer } from 'tsyringe';

declare const held: unique symbol;

/** A name for a service that also carries the service's type. */
export interface Token<T> {
  readonly key: symbol;
  readonly [held]?: (value: T) => T;
}

export function token<T>(name: string): Token<T> {
  return { key: Symbol.for(`auspex/${name}`) };
}

/**
 * A typed face over tsyringe: tokens and factories, no decorators, no emitted metadata (which esbuild and tsx do not
 * emit). What factories made is not closed here: lifecycle does that, in its own order.
 */
export class Services {
  readonly #container: DependencyContainer = container.createChildContainer();
  readonly #making: symbol[] = [];

  /** Registers a factory; it runs once, at the first `get`. */
  provide<T>(name: Token<T>, make: (services: Services) => T): this {
    let kept: { value: T } | undefined;
    const useFactory = (): T => {
      if (kept) return kept.value;
      if (this.#making.includes(name.key)) {
        const path = [...this.#making, name.key].map((key) => key.description).join(' -> ');
        throw new Error(`services need each other: ${path}`);
      }
      this.#making.push(name.key);
      try {
        kept = { value: make(this) };
      } finally {
        this.#making.pop();
      }
      return kept.value;
    };
    this.#container.register<T>(name.key, { useFactory });
    return this;
  }

  value<T>(name: Token<T>, value: T): this {
    this.#container.register<T>(name.key, { useValue: value });
    return this;
  }

  get<T>(name: Token<T>): T {
    return this.#container.resolve<T>(name.key);
  }
}
