/*
 * A program as it was written against the first header, which is kept beside it. It is never changed: the
 * library of today must still run it. New functions get programs of their own.
 */
#include "tts-abi1.h"

#include <stdio.h>
#include <string.h>

#define CHECK(condition)                                            \
    do {                                                            \
        if (!(condition)) {                                         \
            fprintf(stderr, "line %d: %s: %s\n", __LINE__, #condition, tts_last_error()); \
            return 1;                                               \
        }                                                           \
    } while (0)

/* Sizes on machines with pointers of 8 bytes, as they were. */
typedef char size_of_pointer[sizeof(void *) == 8 ? 1 : -1];
typedef char size_of_device_info[sizeof(tts_device_info) == 400 ? 1 : -1];
typedef char size_of_engine_config[sizeof(tts_engine_config) == 32 ? 1 : -1];
typedef char size_of_reader[sizeof(tts_reader) == 24 ? 1 : -1];
typedef char size_of_voice_info[sizeof(tts_voice_info) == 48 ? 1 : -1];
typedef char size_of_mark[sizeof(tts_mark) == 64 ? 1 : -1];
typedef char size_of_chunk[sizeof(tts_chunk) == 40 ? 1 : -1];
typedef char size_of_utterance_config[sizeof(tts_utterance_config) == 96 ? 1 : -1];
typedef char size_of_audio[sizeof(tts_audio) == 32 ? 1 : -1];
typedef char size_of_stats[sizeof(tts_stats) == 104 ? 1 : -1];

static int32_t on_audio(void *user_data, const tts_chunk *chunk)
{
    *(uint64_t *)user_data += chunk->count;
    return chunk->count == 0 || chunk->s16 != NULL ? 0 : 1;
}

int main(int argc, char **argv)
{
    /* What follows each struct must stay as it is: a larger struct of a newer library must not reach it. */
    struct { tts_engine_config it; unsigned char after[64]; } engine_config;
    struct { tts_utterance_config it; unsigned char after[64]; } config;
    struct { tts_voice_info it; unsigned char after[64]; } info;
    struct { tts_stats it; unsigned char after[64]; } stats;
    struct { tts_mark it; unsigned char after[64]; } mark;
    struct { tts_audio it; unsigned char after[64]; } audio;
    struct { tts_device_info it; unsigned char after[64]; } device;
    tts_engine *engine = NULL;
    tts_voice *voice = NULL;
    tts_utterance *utterance = NULL;
    const char *name = NULL;
    float block[1000];
    uint64_t heard = 0, read = 0;
    size_t count = 0, devices = 0;
    tts_status status;
    int i, words = 0;

    CHECK(argc == 2);
    CHECK(tts_abi_version() == 1 && tts_version() != NULL);
    memset(&engine_config, 0xaa, sizeof engine_config);
    memset(&config, 0xaa, sizeof config);
    memset(&info, 0xaa, sizeof info);
    memset(&stats, 0xaa, sizeof stats);
    memset(&mark, 0xaa, sizeof mark);
    memset(&audio, 0xaa, sizeof audio);
    memset(&device, 0xaa, sizeof device);
    info.it.struct_size = sizeof info.it;
    stats.it.struct_size = sizeof stats.it;
    mark.it.struct_size = sizeof mark.it;
    audio.it.struct_size = sizeof audio.it;
    device.it.struct_size = sizeof device.it;

    CHECK(tts_device_count(&devices) == 0 && devices > 0);
    CHECK(tts_device_describe(0, &device.it) == 0 && device.it.name[0] != 0);
    CHECK(tts_engine_config_init(&engine_config.it, sizeof engine_config.it) == 0);
    CHECK(tts_engine_create(&engine_config.it, &engine) == 0);
    CHECK(tts_voice_open_path(engine, argv[1], &voice) == 0);
    CHECK(tts_voice_describe(voice, &info.it) == 0 && info.it.sample_rate == 22050);
    CHECK(tts_voice_text(voice, TTS_VOICE_LICENSE, &name) == 0 && name != NULL);
    CHECK(tts_voice_symbol(voice, 0, &name) == 0 && name != NULL);
    CHECK(tts_voice_symbol(voice, 100000, &name) == -103);

    CHECK(tts_utterance_config_init(&config.it, sizeof config.it) == 0);
    CHECK(config.it.struct_size == 96 && config.it.speed == 1 && config.it.sigma == -1);
    config.it.sample_rate = 16000;
    CHECK(tts_voice_speak(voice, "Hello world.", &config.it, &audio.it) >= 0);
    CHECK(audio.it.sample_rate == 16000 && audio.it.count > 4000 && audio.it.f32 && !audio.it.s16);

    CHECK(tts_utterance_start(voice, "Hello world.", &config.it, &utterance) == 0);
    do {
        status = tts_utterance_read(utterance, block, 1000, &count);
        read += count;
        while (tts_utterance_next_mark(utterance, &mark.it) == 0)
            words += mark.it.kind == TTS_MARK_WORD;
    } while (status == 0 || status == 2);
    CHECK(status == 1 && read == audio.it.count && words == 2);
    CHECK(tts_utterance_stats(utterance, &stats.it) == 0);
    CHECK(stats.it.state == 3 && stats.it.samples_read == read && stats.it.sentences == 1);
    CHECK(tts_utterance_destroy(utterance) == 0);

    config.it.format = 1;
    config.it.on_audio = on_audio;
    config.it.user_data = &heard;
    CHECK(tts_utterance_open(voice, &config.it, &utterance) == 0);
    CHECK(tts_utterance_feed(utterance, "Hello ") == 0 && tts_utterance_feed_n(utterance, "world.", 6) == 0);
    CHECK(tts_utterance_finish(utterance) == 0 && tts_utterance_wait(utterance, 0xffffffff) >= 0);
    CHECK(heard == audio.it.count);
    CHECK(tts_utterance_destroy(utterance) == 0 && tts_utterance_destroy(utterance) == -102);
    CHECK(tts_audio_free(&audio.it) == 0 && tts_voice_destroy(voice) == 0 && tts_engine_destroy(engine) == 0);

    for (i = 0; i < 64; i++)
        CHECK(engine_config.after[i] == 0xaa && config.after[i] == 0xaa && info.after[i] == 0xaa
              && stats.after[i] == 0xaa && mark.after[i] == 0xaa && audio.after[i] == 0xaa
              && device.after[i] == 0xaa);
    return 0;
}
