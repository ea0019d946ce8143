import { prove } from './broken/actuate.ts';
import { brokenStores, rightStore } from './broken/store.ts';

prove('store', rightStore, brokenStores);
