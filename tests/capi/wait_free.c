/*
 * Reads on a thread that may do nothing but compute: a system call ends the process by SIGSYS, and so does an
 * allocation. Meanwhile other threads keep every lock of the utterance busy, so that to wait for one
 * would enter the system. Run with a voice file; "allocate" or "lock" after it breaks the rule on purpose.
 */
#define _GNU_SOURCE
#include "interpose.h"
#include "tts.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static __thread int strict;

static int may_allocate(size_t size)
{
    (void)size;
    if (strict)
        raise(SIGSYS);
    return 1;
}

static void before_free(void)
{
    may_allocate(0);
}

static tts_utterance *utterance, *destroyed, *by_callback;
static const char *mischief;
static void *volatile kept;
static int finished, failed;
static unsigned long reads, speech;

/* From here on this thread may leave, and nothing else. */
static void forbid_system_calls(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = { sizeof filter / sizeof *filter, filter };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
        || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("seccomp");
        exit(1);
    }
    strict = 1;
}

static void *audio_callback(void *unused)
{
    static float block[256];
    static int16_t block16[256];
    tts_stats stats;
    tts_status status = TTS_OK;
    size_t count;
    (void)unused;
    stats.struct_size = sizeof stats;
    forbid_system_calls();
    if (mischief && strcmp(mischief, "allocate") == 0)
        kept = malloc(16);
    while (status != TTS_END) {
        status = reads % 2 ? tts_utterance_read(utterance, block, 256, &count)
                           : tts_utterance_read_s16(utterance, block16, 256, &count);
        if (status < 0 || status == TTS_CANCELLED) {
            __atomic_store_n(&failed, 1, __ATOMIC_SEQ_CST);
            break;
        }
        speech += count;
        reads++;
        if (mischief && strcmp(mischief, "lock") == 0)
            tts_utterance_stats(utterance, &stats);
    }
    /* Errors too: what is no utterance, no buffer, or over. */
    if (tts_utterance_read(NULL, block, 256, &count) != TTS_ERROR_NULL
        || tts_utterance_read(destroyed, block, 256, &count) != TTS_ERROR_HANDLE
        || tts_utterance_read(utterance, NULL, 256, &count) != TTS_ERROR_NULL
        || tts_utterance_read(utterance, block, 256, NULL) != TTS_ERROR_NULL
        || tts_utterance_read(by_callback, block, 256, &count) != TTS_ERROR_STATE
        || tts_utterance_cancel(destroyed) != TTS_ERROR_HANDLE)
        __atomic_store_n(&failed, 1, __ATOMIC_SEQ_CST);
    /* A cancel belongs to what may be done here. */
    if (tts_utterance_cancel(utterance) != TTS_OK
        || tts_utterance_read(utterance, block, 256, &count) != TTS_CANCELLED || count != 0)
        __atomic_store_n(&failed, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&finished, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_exit, 0); /* a proper end would clean up after the thread */
    return NULL;
}

static int32_t ignore(void *unused, const tts_chunk *chunk)
{
    (void)unused;
    (void)chunk;
    return 0;
}

static void *keeps_locks_busy(void *unused)
{
    tts_stats stats;
    tts_mark mark;
    (void)unused;
    stats.struct_size = sizeof stats;
    mark.struct_size = sizeof mark;
    while (!__atomic_load_n(&finished, __ATOMIC_SEQ_CST)) {
        tts_utterance_stats(utterance, &stats);
        tts_utterance_next_mark(utterance, &mark);
        tts_utterance_wait(utterance, 0);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    tts_engine *engine = NULL;
    tts_voice *voice = NULL;
    tts_utterance_config config;
    pthread_t reader, others[2];
    int i;
    if (argc < 2)
        return 2;
    mischief = argc > 2 ? argv[2] : NULL;
    tts_utterance_config_init(&config, sizeof config);
    config.buffer_ms = 200;
    if (tts_engine_create(NULL, &engine) != TTS_OK || tts_voice_open_path(engine, argv[1], &voice) != TTS_OK
        || tts_utterance_start(voice, "Nobody waits for a lock here. Nobody asks for memory.", &config,
                               &utterance) != TTS_OK) {
        fprintf(stderr, "%s\n", tts_last_error());
        return 1;
    }
    config.on_audio = ignore;
    if (tts_utterance_start(voice, "Yes.", &config, &by_callback) != TTS_OK
        || tts_utterance_start(voice, "Yes.", NULL, &destroyed) != TTS_OK
        || tts_utterance_destroy(destroyed) != TTS_OK) {
        fprintf(stderr, "%s\n", tts_last_error());
        return 1;
    }
    pthread_create(&reader, NULL, audio_callback, NULL);
    for (i = 0; i < 2; i++)
        pthread_create(&others[i], NULL, keeps_locks_busy, NULL);
    for (i = 0; i < 2; i++)
        pthread_join(others[i], NULL);
    printf("%lu reads, %lu samples\n", reads, speech);
    tts_utterance_destroy(utterance);
    tts_utterance_destroy(by_callback);
    tts_voice_destroy(voice);
    tts_engine_destroy(engine);
    return __atomic_load_n(&failed, __ATOMIC_SEQ_CST) || speech < 22050;
}
