/*
 * What a program should not do: every case must get a status back and go on. A file of this folder is a program
 * with a table of cases. Run it with the name of a case and a voice file; "list" gives the names.
 */
#ifndef MISUSE_H
#define MISUSE_H

#include "tts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *voice_path;

#define EXPECT(call, status)                                                                     \
    do {                                                                                         \
        tts_status got = (call);                                                                 \
        if (got != (status)) {                                                                   \
            fprintf(stderr, "%s:%d: %s gave %d (%s), not %s\n", __FILE__, __LINE__, #call, got,  \
                    tts_last_error(), #status);                                                  \
            exit(1);                                                                             \
        }                                                                                        \
    } while (0)

#define CHECK(condition)                                                                         \
    do {                                                                                         \
        if (!(condition)) {                                                                      \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);              \
            exit(1);                                                                             \
        }                                                                                        \
    } while (0)

/* A variable that threads share. */
#define LOAD(variable) __atomic_load_n(&(variable), __ATOMIC_SEQ_CST)
#define STORE(variable, value) __atomic_store_n(&(variable), (value), __ATOMIC_SEQ_CST)

static inline tts_engine *engine(void)
{
    tts_engine *engine = NULL;
    EXPECT(tts_engine_create(NULL, &engine), TTS_OK);
    return engine;
}

static inline tts_voice *voice(tts_engine *engine)
{
    tts_voice *voice = NULL;
    EXPECT(tts_voice_open_path(engine, voice_path, &voice), TTS_OK);
    return voice;
}

static inline tts_audio no_audio(void)
{
    tts_audio audio;
    memset(&audio, 0, sizeof audio);
    audio.struct_size = sizeof audio;
    return audio;
}

static inline void sleep_ms(long ms)
{
    struct timespec t;
    t.tv_sec = ms / 1000;
    t.tv_nsec = ms % 1000 * 1000000;
    nanosleep(&t, NULL);
}

typedef struct misuse {
    const char *name;
    void (*run)(void);
} misuse;

static inline int run(const misuse *cases, size_t count, int argc, char **argv)
{
    size_t i;
    int list = argc == 2 && strcmp(argv[1], "list") == 0;
    for (i = 0; i < count; i++) {
        if (list)
            puts(cases[i].name);
        else if (argc == 3 && strcmp(argv[1], cases[i].name) == 0) {
            voice_path = argv[2];
            cases[i].run();
            return 0;
        }
    }
    return list ? 0 : 2;
}

#endif
