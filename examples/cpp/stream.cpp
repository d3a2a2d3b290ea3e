// Speaks while the text is still being written, and prints words as they are heard.
//
//   c++ -std=c++11 stream.cpp -I ../../include -L ../../target/release -ltts -pthread -o stream
//   ./stream VOICE.safetensors OUT.f32
//
// OUT.f32 becomes raw 32-bit floats: play them with "ffplay -f f32le -ar 22050 OUT.f32".

#include "tts.hpp"

#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace {

int fail(const char *what)
{
    std::fprintf(stderr, "stream: %s: %s\n", what, tts_last_error());
    return 1;
}

// What a language model would do: a token now and then.
void write_text(tts::utterance &utterance, const std::vector<std::string> &tokens)
{
    for (const std::string &token : tokens) {
        utterance.feed(token.data(), token.size());
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    utterance.finish();
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3) {
        std::fprintf(stderr, "usage: stream VOICE.safetensors OUT.f32\n");
        return 2;
    }
    const std::vector<std::string> tokens = { "Once", " upon", " a", " time.", " There", " was",
                                              " a", " voice.", " The", " end" };
    std::string text;
    for (const std::string &token : tokens)
        text += token;

    tts::engine engine;
    tts::voice voice;
    tts::utterance utterance;
    if (engine.create() < 0)
        return fail("engine");
    if (voice.open_path(engine, argv[1]) < 0)
        return fail(argv[1]);
    if (voice.warm_up() < 0)
        return fail("warming up");
    if (utterance.open(voice) < 0)
        return fail("utterance");
    std::FILE *file = std::fopen(argv[2], "wb");
    if (!file) {
        std::perror(argv[2]);
        return 1;
    }

    std::thread writer(write_text, std::ref(utterance), std::cref(tokens));
    std::vector<float> block(512);
    tts_status status = TTS_OK;
    while (status == TTS_OK || status == TTS_UNDERRUN) {
        std::size_t count = 0;
        status = utterance.read(block.data(), block.size(), count);
        // Marks are there before their sound.
        tts::mark mark;
        while (utterance.next_mark(mark) == TTS_OK)
            if (mark.kind == TTS_MARK_WORD)
                std::printf("%8llu %s\n", static_cast<unsigned long long>(mark.sample),
                            text.substr(mark.text_begin, mark.text_end - mark.text_begin).c_str());
        std::fwrite(block.data(), sizeof(float), count, file);
        if (count < block.size())
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    writer.join();
    std::fclose(file);

    tts::stats stats;
    if (status < 0 || utterance.get_stats(stats) < 0)
        return fail("reading");
    if (stats.result < 0) {
        const char *error = "";
        utterance.error(error);
        std::fprintf(stderr, "stream: %s\n", error);
        return 1;
    }
    std::printf("%llu sentences, first sound after %.0f ms, %.1f times real time\n",
                static_cast<unsigned long long>(stats.sentences), stats.first_audio_ms,
                stats.real_time_factor);
    return 0;
}
