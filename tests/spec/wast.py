"""Scripts of the core suite (.wast): s-expressions with their places in the text."""


class Malformed(ValueError):
    pass


def tokens(text):
    """(kind, value, begin, end) with kind '(', ')', 'atom' or 'string'; comments are skipped."""
    at, size = 0, len(text)
    while at < size:
        char = text[at]
        if char in b" \t\r\n":
            at += 1
        elif text.startswith(b";;", at):
            at = text.find(b"\n", at)
            at = size if at < 0 else at
        elif text.startswith(b"(;", at):
            at = comment_end(text, at)
        elif char in b"()":
            yield chr(char), None, at, at + 1
            at += 1
        elif char == ord('"'):
            end = string_end(text, at)
            yield "string", text[at + 1:end - 1], at, end
            at = end
        else:
            end = at
            while end < size and text[end] not in b' \t\r\n()";':
                end += 1
            end = max(end, at + 1)
            yield "atom", text[at:end], at, end
            at = end


def comment_end(text, at):
    depth = 0
    while at < len(text):
        if text.startswith(b"(;", at):
            depth += 1
            at += 2
        elif text.startswith(b";)", at):
            depth -= 1
            at += 2
            if not depth:
                return at
        else:
            at += 1
    raise Malformed("unclosed comment")


def string_end(text, at):
    at += 1
    while text[at] != ord('"'):
        at += 2 if text[at] == ord("\\") else 1
    return at + 1


class Node(list):
    """A list of atoms (bytes), Strings and Nodes."""
    begin = end = 0


class String(bytes):
    pass


def parse(text):
    top = Node()
    stack = [top]
    for kind, value, begin, end in tokens(text):
        if kind == "(":
            node = Node()
            node.begin = begin
            stack[-1].append(node)
            stack.append(node)
        elif kind == ")":
            node = stack.pop()
            node.end = end
            if node and type(node[0]) is bytes and node[0].startswith(b"@"):
                stack[-1].pop()  # an annotation
        elif kind == "string":
            stack[-1].append(String(unescape(value)))
        else:
            stack[-1].append(bytes(value))
    return top


ESCAPES = {ord("t"): 9, ord("n"): 10, ord("r"): 13, ord('"'): 34, ord("'"): 39, ord("\\"): 92}


def unescape(raw):
    out = bytearray()
    at = 0
    while at < len(raw):
        if raw[at] != 92:
            out.append(raw[at])
            at += 1
        elif raw[at + 1] in ESCAPES:
            out.append(ESCAPES[raw[at + 1]])
            at += 2
        elif raw[at + 1] == ord("u"):
            end = raw.index(b"}", at)
            out += chr(int(raw[at + 3:end].replace(b"_", b""), 16)).encode("utf-8", "surrogatepass")
            at = end + 1
        else:
            out.append(int(raw[at + 1:at + 3], 16))
            at += 3
    return bytes(out)
