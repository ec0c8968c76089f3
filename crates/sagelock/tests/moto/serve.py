"""moto's server on a free loopback port, counting the requests it gets.

Prints the port. Every request adds a line to the file named on the command line: the operation
(`X-Amz-Target`, or `Action` of a form) and the subject of a DescribeKey. The count is moto's own
view of its clients, taken before moto handles the request.
"""
import json
import sys
import urllib.parse

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server, WSGIRequestHandler


def of_path(environ):
    """The operation of a request that says it by its method, path and query alone."""
    path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
    if environ["REQUEST_METHOD"] == "GET" and query == "encryption":
        return "GetBucketEncryption"
    if environ["REQUEST_METHOD"] == "GET" and query.startswith("list-type=2&"):
        return "ListObjectsV2"
    if environ["REQUEST_METHOD"] == "HEAD" and path.count("/") > 1:
        return "HeadObject"
    return f"{environ['REQUEST_METHOD']} {path}?{query}"


class Counting:
    def __init__(self, app, log):
        self.app, self.log = app, log

    def __call__(self, environ, start_response):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        operation = environ.get("HTTP_X_AMZ_TARGET")
        subject = ""
        if operation is None:
            form = urllib.parse.parse_qs(body.decode("utf-8", "replace"))
            operation = form.get("Action", [of_path(environ)])[0]
        elif operation.endswith(".DescribeKey"):
            subject = json.loads(body).get("KeyId", "")
        agent = environ.get("HTTP_USER_AGENT", "").split("/")[0]
        self.log.write(f"{agent}\t{operation}\t{subject}\n")
        self.log.flush()
        import io

        environ["wsgi.input"] = io.BytesIO(body)
        return self.app(environ, start_response)


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


def main():
    with open(sys.argv[1], "a", encoding="utf-8") as log:
        app = Counting(DomainDispatcherApplication(create_backend_app), log)
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        print(server.server_port, flush=True)
        server.serve_forever()


main()
