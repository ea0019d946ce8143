import { brokenAllocators, rightAllocator } from './broken/allocate.ts';
import { prove } from './proof.ts';

prove('allocator', rightAllocator, brokenAllocators);
