/* Arguments that are none. */
#include "misuse.h"

#include <math.h>

static void null_everywhere(void)
{
    tts_engine *e = engine();
    tts_voice *v = voice(e);
    tts_voice *none = NULL;
    tts_utterance *u = NULL;
    tts_audio audio = no_audio();
    tts_voice_info info;
    tts_mark mark;
    tts_stats stats;
    const char *text = NULL, *hello = "Hello.";
    float sample = 0;
    int16_t sample16 = 0;
    size_t count = 7;
    info.struct_size = sizeof info;
    mark.struct_size = sizeof mark;
    stats.struct_size = sizeof stats;
    EXPECT(tts_engine_config_init(NULL, sizeof(tts_engine_config)), TTS_ERROR_NULL);
    EXPECT(tts_utterance_config_init(NULL, sizeof(tts_utterance_config)), TTS_ERROR_NULL);
    EXPECT(tts_engine_create(NULL, NULL), TTS_ERROR_NULL);
    EXPECT(tts_engine_pipeline_cache(NULL, NULL, 0, &count), TTS_ERROR_NULL);
    EXPECT(tts_engine_pipeline_cache(e, NULL, 0, NULL), TTS_ERROR_NULL);
    EXPECT(tts_engine_pipeline_cache(e, NULL, 1, &count), TTS_ERROR_NULL);
    EXPECT(tts_voice_open_path(NULL, voice_path, &none), TTS_ERROR_NULL);
    EXPECT(tts_voice_open_path(e, NULL, &none), TTS_ERROR_NULL);
    EXPECT(tts_voice_open_path(e, voice_path, NULL), TTS_ERROR_NULL);
    EXPECT(tts_voice_open_memory_copied(e, NULL, 10, &none), TTS_ERROR_NULL);
    EXPECT(tts_voice_open_memory_borrowed(e, NULL, 10, &none), TTS_ERROR_NULL);
    EXPECT(tts_voice_open_memory_copied(e, NULL, 0, &none), TTS_ERROR_VOICE_FORMAT);
    EXPECT(tts_voice_open_reader(e, NULL, &none), TTS_ERROR_NULL);
    EXPECT(tts_voice_describe(NULL, &info), TTS_ERROR_NULL);
    EXPECT(tts_voice_describe(v, NULL), TTS_ERROR_NULL);
    EXPECT(tts_voice_text(NULL, TTS_VOICE_NAME, &text), TTS_ERROR_NULL);
    EXPECT(tts_voice_text(v, TTS_VOICE_NAME, NULL), TTS_ERROR_NULL);
    EXPECT(tts_voice_symbol(NULL, 0, &text), TTS_ERROR_NULL);
    EXPECT(tts_voice_warm_up(NULL, NULL, NULL), TTS_ERROR_NULL);
    EXPECT(tts_device_count(NULL), TTS_ERROR_NULL);
    EXPECT(tts_device_describe(0, NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_start(NULL, "Hello.", NULL, &u), TTS_ERROR_NULL);
    EXPECT(tts_utterance_start(v, NULL, NULL, &u), TTS_ERROR_NULL);
    EXPECT(tts_utterance_start(v, "Hello.", NULL, NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_start_n(v, NULL, 3, NULL, &u), TTS_ERROR_NULL);
    EXPECT(tts_utterance_open(NULL, NULL, &u), TTS_ERROR_NULL);
    EXPECT(tts_utterance_feed(NULL, "Hello."), TTS_ERROR_NULL);
    EXPECT(tts_utterance_feed_n(NULL, "Hello.", 6), TTS_ERROR_NULL);
    EXPECT(tts_utterance_flush(NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_finish(NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_read(NULL, &sample, 1, &count), TTS_ERROR_NULL);
    EXPECT(tts_utterance_read_s16(NULL, &sample16, 1, &count), TTS_ERROR_NULL);
    EXPECT(tts_utterance_next_mark(NULL, &mark), TTS_ERROR_NULL);
    EXPECT(tts_utterance_cancel(NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_wait(NULL, 0), TTS_ERROR_NULL);
    EXPECT(tts_utterance_stats(NULL, &stats), TTS_ERROR_NULL);
    EXPECT(tts_utterance_error(NULL, &text), TTS_ERROR_NULL);
    EXPECT(tts_utterance_destroy(NULL), TTS_OK);
    CHECK(u == NULL && text == NULL && count == 7);
    EXPECT(tts_utterance_start(v, "Hello.", NULL, &u), TTS_OK);
    EXPECT(tts_utterance_read(u, NULL, 1, &count), TTS_ERROR_NULL);
    EXPECT(tts_utterance_read(u, &sample, 1, NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_read_s16(u, NULL, 1, &count), TTS_ERROR_NULL);
    EXPECT(tts_utterance_read_s16(u, &sample16, 1, NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_next_mark(u, NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_stats(u, NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_error(u, NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_destroy(u), TTS_OK);
    EXPECT(tts_utterance_open(v, NULL, &u), TTS_OK);
    EXPECT(tts_utterance_feed(u, NULL), TTS_ERROR_NULL);
    EXPECT(tts_utterance_feed_n(u, NULL, 3), TTS_ERROR_NULL);
    EXPECT(tts_utterance_feed_n(u, NULL, 0), TTS_OK);
    EXPECT(tts_utterance_destroy(u), TTS_OK);
    EXPECT(tts_voice_speak(NULL, "Hello.", NULL, &audio), TTS_ERROR_NULL);
    EXPECT(tts_voice_speak(v, NULL, NULL, &audio), TTS_ERROR_NULL);
    EXPECT(tts_voice_speak(v, "Hello.", NULL, NULL), TTS_ERROR_NULL);
    EXPECT(tts_voice_speak_n(v, NULL, 6, NULL, &audio), TTS_ERROR_NULL);
    EXPECT(tts_voice_speak_n(v, NULL, 0, NULL, &audio), TTS_ERROR_NOTHING_TO_SPEAK);
    EXPECT(tts_voice_speak_batch(NULL, &hello, 1, NULL, &audio, NULL), TTS_ERROR_NULL);
    EXPECT(tts_voice_speak_batch(v, NULL, 1, NULL, &audio, NULL), TTS_ERROR_NULL);
    EXPECT(tts_voice_speak_batch(v, &text, 1, NULL, &audio, NULL), TTS_ERROR_NULL);
    EXPECT(tts_voice_speak_batch(v, &hello, 1, NULL, NULL, NULL), TTS_ERROR_NULL);
    EXPECT(tts_voice_speak_batch(v, NULL, 0, NULL, NULL, NULL), TTS_OK);
    EXPECT(tts_audio_free(NULL), TTS_OK);
    EXPECT(tts_voice_destroy(NULL), TTS_OK);
    EXPECT(tts_engine_destroy(NULL), TTS_OK);
    CHECK(none == NULL && audio.f32 == NULL && audio.count == 0);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static void wrong_struct_size(void)
{
    tts_engine *e = engine(), *none = NULL;
    tts_voice *v = voice(e);
    tts_engine_config engine_config;
    tts_utterance_config config;
    tts_audio audio = no_audio(), two[2];
    const char *texts[] = { "Yes.", "No." };
    struct {
        tts_utterance_config config;
        char newer[32];
    } larger;

    memset(&engine_config, 0, sizeof engine_config);
    EXPECT(tts_engine_create(&engine_config, &none), TTS_ERROR_STRUCT_SIZE);
    engine_config.struct_size = 0xffffffff;
    EXPECT(tts_engine_create(&engine_config, &none), TTS_ERROR_STRUCT_SIZE);
    memset(&config, 0xff, sizeof config);
    EXPECT(tts_voice_speak(v, "Hello.", &config, &audio), TTS_ERROR_STRUCT_SIZE);
    EXPECT(tts_utterance_config_init(&config, 3), TTS_ERROR_STRUCT_SIZE);
    audio.struct_size = 1;
    EXPECT(tts_voice_speak(v, "Hello.", NULL, &audio), TTS_ERROR_STRUCT_SIZE);
    EXPECT(tts_audio_free(&audio), TTS_ERROR_STRUCT_SIZE);

    /* In a row all are as large as the first. */
    two[0] = two[1] = no_audio();
    two[1].struct_size += 8;
    EXPECT(tts_voice_speak_batch(v, texts, 2, NULL, two, NULL), TTS_ERROR_STRUCT_SIZE);
    CHECK(two[0].f32 == NULL && two[0].count == 0);

    /* A newer header's larger struct is fine as long as what is new in it is not used. */
    audio = no_audio();
    EXPECT(tts_utterance_config_init(&larger.config, sizeof larger), TTS_OK);
    EXPECT(tts_voice_speak(v, "Yes.", &larger.config, &audio), TTS_OK);
    EXPECT(tts_audio_free(&audio), TTS_OK);
    larger.newer[31] = 1;
    EXPECT(tts_voice_speak(v, "Yes.", &larger.config, &audio), TTS_ERROR_STRUCT_SIZE);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static void values_out_of_range(void)
{
    tts_engine *e = engine(), *none = NULL;
    tts_voice *v = voice(e);
    tts_engine_config engine_config;
    tts_utterance_config config;
    tts_audio audio = no_audio();
    float bad[4];
    float *members[7];
    int i, j;

    bad[0] = (float)NAN;
    bad[1] = (float)INFINITY;
    bad[2] = -3;
    bad[3] = 1e9f;
    members[0] = &config.sigma;
    members[1] = &config.denoise;
    members[2] = &config.gate_threshold;
    members[3] = &config.speed;
    members[4] = &config.pitch;
    members[5] = &config.gain;
    members[6] = &config.sentence_pause;
    for (i = 0; i < 7; i++)
        for (j = 0; j < 4; j++) {
            tts_utterance_config_init(&config, sizeof config);
            *members[i] = bad[j];
            EXPECT(tts_voice_speak(v, "Hello.", &config, &audio), TTS_ERROR_ARGUMENT);
        }
    tts_utterance_config_init(&config, sizeof config);
    config.format = 17;
    EXPECT(tts_voice_speak(v, "Hello.", &config, &audio), TTS_ERROR_ARGUMENT);
    tts_utterance_config_init(&config, sizeof config);
    config.sample_rate = 1;
    EXPECT(tts_voice_speak(v, "Hello.", &config, &audio), TTS_ERROR_ARGUMENT);
    tts_utterance_config_init(&config, sizeof config);
    config.flags = 0x80000000u;
    EXPECT(tts_voice_speak(v, "Hello.", &config, &audio), TTS_ERROR_ARGUMENT);
    tts_utterance_config_init(&config, sizeof config);
    config.max_steps = 1000001;
    EXPECT(tts_voice_speak(v, "Hello.", &config, &audio), TTS_ERROR_ARGUMENT);
    CHECK(strstr(tts_last_error(), "max_steps") != NULL);
    tts_utterance_config_init(&config, sizeof config);
    config.speed = 4;
    config.pitch = 0.5f;
    EXPECT(tts_voice_speak(v, "Hello.", &config, &audio), TTS_ERROR_ARGUMENT);
    CHECK(strstr(tts_last_error(), "speed / pitch") != NULL);
    /* What has no meaning yet must be left alone. */
    tts_utterance_config_init(&config, sizeof config);
    config.reserved = 1;
    EXPECT(tts_voice_speak(v, "Hello.", &config, &audio), TTS_ERROR_ARGUMENT);
    tts_engine_config_init(&engine_config, sizeof engine_config);
    engine_config.device = 99;
    EXPECT(tts_engine_create(&engine_config, &none), TTS_ERROR_ARGUMENT);
    engine_config.device = TTS_DEVICE_INDEX + 1000;
    EXPECT(tts_engine_create(&engine_config, &none), TTS_ERROR_ARGUMENT);
    engine_config.device = TTS_DEVICE_CPU;
    engine_config.threads = 1000000;
    EXPECT(tts_engine_create(&engine_config, &none), TTS_ERROR_ARGUMENT);
    engine_config.threads = 0;
    engine_config.log_level = 3;
    EXPECT(tts_engine_create(&engine_config, &none), TTS_ERROR_ARGUMENT);
    engine_config.log_level = 0;
    engine_config.reserved = 1;
    EXPECT(tts_engine_create(&engine_config, &none), TTS_ERROR_ARGUMENT);
    CHECK(audio.f32 == NULL && none == NULL);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static void texts_that_are_none(void)
{
    tts_engine *e = engine();
    tts_voice *v = voice(e), *other = NULL;
    tts_utterance *u = NULL;
    tts_utterance_config config;
    tts_audio audio = no_audio();
    const char *error = NULL;
    EXPECT(tts_voice_speak(v, "\xff\xfe", NULL, &audio), TTS_ERROR_UTF8);
    EXPECT(tts_voice_speak_n(v, "caf\xc3\xa9", 4, NULL, &audio), TTS_ERROR_UTF8);
    EXPECT(tts_voice_speak(v, "", NULL, &audio), TTS_ERROR_NOTHING_TO_SPEAK);
    EXPECT(tts_voice_speak(v, "?!", NULL, &audio), TTS_ERROR_NOTHING_TO_SPEAK);
    EXPECT(tts_voice_open_path(e, "\xff", &other), TTS_ERROR_UTF8);
    EXPECT(tts_voice_open_path(e, "no such file", &other), TTS_ERROR_VOICE_READ);
    EXPECT(tts_voice_open_path(e, ".", &other), TTS_ERROR_VOICE_READ);
    EXPECT(tts_voice_open_memory_borrowed(e, "RIFF....WAVE", 12, &other), TTS_ERROR_VOICE_FORMAT);
    tts_utterance_config_init(&config, sizeof config);
    config.lexicon = "tacoglow QQ";
    EXPECT(tts_voice_speak(v, "Hello.", &config, &audio), TTS_ERROR_LEXICON);
    CHECK(strstr(tts_last_error(), "line 1") != NULL);
    EXPECT(tts_utterance_open(v, NULL, &u), TTS_OK);
    EXPECT(tts_utterance_feed(u, "\xff"), TTS_ERROR_UTF8);
    EXPECT(tts_utterance_finish(u), TTS_OK);
    EXPECT(tts_utterance_wait(u, UINT32_MAX), TTS_ERROR_NOTHING_TO_SPEAK);
    EXPECT(tts_utterance_error(u, &error), TTS_OK);
    CHECK(strstr(error, "nothing to speak") == error);
    EXPECT(tts_utterance_destroy(u), TTS_OK);
    CHECK(audio.f32 == NULL && other == NULL);
    EXPECT(tts_voice_destroy(v), TTS_OK);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static void status_strings(void)
{
    int status;
    for (status = -1000; status < 100; status++)
        CHECK(tts_status_string(status) != NULL && tts_status_string(status)[0] != '\0');
    CHECK(strcmp(tts_status_string(TTS_OK), "done") == 0);
    CHECK(tts_last_error()[0] == '\0');
    CHECK(tts_abi_version() == TTS_ABI_VERSION && tts_version()[0] != '\0');
}

static size_t gives_rubbish(void *user_data, void *buffer, size_t size)
{
    int *calls = (int *)user_data;
    memset(buffer, 'x', size);
    return ++*calls < 3 ? size : 0;
}

static size_t fails(void *user_data, void *buffer, size_t size)
{
    (void)user_data;
    (void)buffer;
    (void)size;
    return (size_t)-1;
}

static void readers_that_fail(void)
{
    tts_engine *e = engine();
    tts_voice *v = NULL;
    tts_reader reader;
    int calls = 0;
    memset(&reader, 0, sizeof reader);
    reader.user_data = &calls;
    EXPECT(tts_voice_open_reader(e, &reader, &v), TTS_ERROR_STRUCT_SIZE);
    reader.struct_size = sizeof reader;
    EXPECT(tts_voice_open_reader(e, &reader, &v), TTS_ERROR_NULL);
    reader.read = fails;
    reader.reserved = 1;
    EXPECT(tts_voice_open_reader(e, &reader, &v), TTS_ERROR_ARGUMENT);
    reader.reserved = 0;
    EXPECT(tts_voice_open_reader(e, &reader, &v), TTS_ERROR_VOICE_READ);
    reader.read = gives_rubbish;
    EXPECT(tts_voice_open_reader(e, &reader, &v), TTS_ERROR_VOICE_FORMAT);
    CHECK(v == NULL && calls == 3);
    EXPECT(tts_engine_destroy(e), TTS_OK);
}

static const misuse cases[] = {
    { "null_everywhere", null_everywhere },
    { "wrong_struct_size", wrong_struct_size },
    { "values_out_of_range", values_out_of_range },
    { "texts_that_are_none", texts_that_are_none },
    { "status_strings", status_strings },
    { "readers_that_fail", readers_that_fail },
};

int main(int argc, char **argv)
{
    return run(cases, sizeof cases / sizeof *cases, argc, argv);
}
