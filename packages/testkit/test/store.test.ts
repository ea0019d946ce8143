import { brokenStores, rightStore } from './broken/store.ts';
import { prove } from './proof.ts';

prove('store', rightStore, brokenStores);
