package dev.tarn.text;

import dev.tarn.DataException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * A vocabulary on disk: a JSON array of strings in UTF-8, one a line, so that the id of a token is its line less two.
 *
 * <p>The file is written under another name in the same folder, brought to the disk and then renamed.
 */
final class VocabFile {

    private static final String WHAT = " is not a vocabulary, which is a JSON array of strings: ";

    private final Path file;
    private final CharSequence text;
    private int at;

    private VocabFile(Path file, CharSequence text) {
        this.file = file;
        this.text = text;
    }

    static void write(Path file, List<String> tokens) {
        JsonBytes json = new JsonBytes(tokens.size() * 12 + 16);
        json.ascii('[');
        for (int i = 0; i < tokens.size(); i++) {
            if (i > 0) {
                json.ascii(',');
            }
            json.ascii('\n');
            json.string(tokens.get(i));
        }
        json.ascii('\n');
        json.ascii(']');
        json.ascii('\n');
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            try (FileChannel channel = FileChannel.open(
                    temporary,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.TRUNCATE_EXISTING)) {
                ByteBuffer bytes = ByteBuffer.wrap(json.bytes(), 0, json.length());
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            discard(temporary);
            throw new DataException(
                    "Cannot write the vocabulary " + file + " (" + e
                            + "): check that its folder exists, may be written to" + " and has room.",
                    e);
        }
    }

    private static void discard(Path temporary) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            // The reason why nothing could be written is told; a left-over beside the file does no harm.
        }
    }

    static List<String> read(Path file) {
        CharBuffer text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(Files.readAllBytes(file)));
        } catch (CharacterCodingException e) {
            throw new DataException("The vocabulary " + file + " is not UTF-8: write it anew.", e);
        } catch (IOException e) {
            throw new DataException("Cannot read the vocabulary " + file + " (" + e + "): check its name.", e);
        }
        return new VocabFile(file, text).array();
    }

    private List<String> array() {
        List<String> tokens = new ArrayList<>();
        expect('[');
        if (!accept(']')) {
            do {
                tokens.add(string());
            } while (accept(','));
            expect(']');
        }
        skipSpace();
        if (at < text.length()) {
            throw wrong("something follows its end");
        }
        return tokens;
    }

    private void skipSpace() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    /** Steps over the character if it comes next, whitespace before it left out. */
    private boolean accept(char c) {
        skipSpace();
        boolean isNext = at < text.length() && text.charAt(at) == c;
        at += isNext ? 1 : 0;
        return isNext;
    }

    private void expect(char c) {
        if (!accept(c)) {
            throw wrong("'" + c + "' is missing");
        }
    }

    private char next() {
        if (at == text.length()) {
            throw wrong("it ends too early");
        }
        return text.charAt(at++);
    }

    private String string() {
        expect('"');
        StringBuilder out = new StringBuilder();
        while (true) {
            char c = next();
            if (c == '"') {
                return out.toString();
            }
            if (c < ' ') {
                at--;
                throw wrong("a string holds a control character");
            }
            out.append(c == '\\' ? escaped() : c);
        }
    }

    private char escaped() {
        char c = next();
        int short_ = "\"\\/bfnrt".indexOf(c);
        if (short_ >= 0) {
            return "\"\\/\b\f\n\r\t".charAt(short_);
        }
        int value = 0;
        for (int i = 0; i < 4; i++) {
            int digit = c == 'u' ? Character.digit(next(), 16) : -1;
            if (digit < 0) {
                at--;
                throw wrong("an escape is malformed");
            }
            value = value * 16 + digit;
        }
        return (char) value;
    }

    private DataException wrong(String how) {
        int line = 1 + (int) text.chars().limit(at).filter(c -> c == '\n').count();
        return new DataException(file + WHAT + how + " in line " + line + ". Save the vocabulary anew.");
    }
}
