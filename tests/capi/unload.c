/*
 * Loads the library by hand and unloads it with work in flight, again and again.
 * Run with the library and a voice file.
 */
#include "tts.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ISO C has no conversion from an object pointer to a function pointer; a copy of the bytes is one. */
#define LOAD(name)                                            \
    do {                                                      \
        void *symbol = dlsym(library, "tts_" #name);          \
        if (symbol == NULL) {                                 \
            fprintf(stderr, "%s is missing\n", #name);        \
            return 1;                                         \
        }                                                     \
        memcpy(&name, &symbol, sizeof symbol);                \
    } while (0)

int main(int argc, char **argv)
{
    int round;
    if (argc != 3)
        return 2;
    for (round = 0; round < 8; round++) {
        tts_status (*engine_create)(const tts_engine_config *, tts_engine **);
        tts_status (*engine_destroy)(tts_engine *);
        tts_status (*voice_open_path)(tts_engine *, const char *, tts_voice **);
        tts_status (*utterance_start)(const tts_voice *, const char *, const tts_utterance_config *,
                                      tts_utterance **);
        uint32_t (*abi_version)(void);
        tts_engine *engine = NULL;
        tts_voice *voice = NULL;
        tts_utterance *utterance = NULL;
        struct timespec t;
        void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        if (library == NULL) {
            fprintf(stderr, "%s\n", dlerror());
            return 1;
        }
        LOAD(abi_version);
        LOAD(engine_create);
        LOAD(engine_destroy);
        LOAD(voice_open_path);
        LOAD(utterance_start);
        if (abi_version() != TTS_ABI_VERSION || engine_create(NULL, &engine) != TTS_OK
            || voice_open_path(engine, argv[2], &voice) != TTS_OK
            || utterance_start(voice, "Who unloads me while I speak?", NULL, &utterance) != TTS_OK)
            return 1;
        /* Every other time the host is in such a hurry that it destroys nothing. */
        if (round % 2 == 0)
            engine_destroy(engine);
        dlclose(library);
        t.tv_sec = 0;
        t.tv_nsec = 50000000;
        nanosleep(&t, NULL);
    }
    return 0;
}
