/*
 * Stands between the whole process and malloc: counts what is allocated, and lets the program that includes
 * this say no. Needs glibc, whose own functions have a second name.
 */
#ifndef INTERPOSE_H
#define INTERPOSE_H

#include <errno.h>
#include <malloc.h>
#include <stddef.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);

/* The including program's: whether this may be allocated. */
static int may_allocate(size_t size);
/* The including program's: told before a block is freed. */
static void before_free(void);

/* Blocks and bytes that were allocated and not freed. */
static long live_blocks, live_bytes;

static void *count_in(void *block)
{
    if (block) {
        __atomic_fetch_add(&live_blocks, 1, __ATOMIC_RELAXED);
        __atomic_fetch_add(&live_bytes, (long)malloc_usable_size(block), __ATOMIC_RELAXED);
    }
    return block;
}

static void count_out(void *block)
{
    if (block) {
        __atomic_fetch_sub(&live_blocks, 1, __ATOMIC_RELAXED);
        __atomic_fetch_sub(&live_bytes, (long)malloc_usable_size(block), __ATOMIC_RELAXED);
    }
}

static void *refused(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size)
{
    return may_allocate(size) ? count_in(__libc_malloc(size)) : refused();
}

void *calloc(size_t count, size_t size)
{
    return may_allocate(count * size) ? count_in(__libc_calloc(count, size)) : refused();
}

void *realloc(void *block, size_t size)
{
    void *moved;
    long before = block ? (long)malloc_usable_size(block) : 0;
    if (!may_allocate(size))
        return refused();
    moved = __libc_realloc(block, size);
    if (moved) {
        __atomic_fetch_add(&live_bytes, (long)malloc_usable_size(moved) - before, __ATOMIC_RELAXED);
        __atomic_fetch_add(&live_blocks, block == NULL, __ATOMIC_RELAXED);
    }
    return moved;
}

void *memalign(size_t alignment, size_t size)
{
    return may_allocate(size) ? count_in(__libc_memalign(alignment, size)) : refused();
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *block = memalign(alignment, size);
    if (block == NULL)
        return ENOMEM;
    *out = block;
    return 0;
}

void free(void *block)
{
    before_free();
    count_out(block);
    __libc_free(block);
}

#endif
