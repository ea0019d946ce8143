import { prove } from './broken/actuate.ts';
import { brokenAllocators, rightAllocator } from './broken/allocate.ts';

prove('allocator', rightAllocator, brokenAllocators);
