package dev.tarn.serve;

import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** What Jetty itself refuses, such as headers that are no HTTP, is answered with a sentence of JSON too. */
final class JsonErrors extends ErrorHandler {

    @Override
    protected void generateResponse(
            Request request,
            Response response,
            int code,
            @Nullable String message,
            @Nullable Throwable cause,
            Callback callback) {
        Answer.send(request, response, callback, code, Answer.error(sentence(code)));
    }

    private static String sentence(int status) {
        return switch (status) {
            case HttpStatus.REQUEST_HEADER_FIELDS_TOO_LARGE_431 -> "The headers are too long; send fewer.";
            case HttpStatus.INTERNAL_SERVER_ERROR_500 ->
                "The server failed in a way that it should not; its log says more.";
            default -> "The request is not one that the server understands (" + HttpStatus.getMessage(status) + ").";
        };
    }
}
