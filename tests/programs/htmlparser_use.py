# oracle: preload=html.parser
"""A subclass of HTMLParser that keeps a tree; broken markup too."""
import gc

gc.disable()
from html.parser import HTMLParser

PAGE = """<!DOCTYPE html><html><head><title>A &amp; B</title></head>
<body class=x id='y'><p>one<br/>two &lt;3 &#x41;</p><!-- note -->
<script>if (a < b) {}</script><a href="?q=1&amp;r=2">link</a><p>open</body></html><bro"""


class Tree(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=False)
        self.stack = [["root", {}, []]]
        self.refs = []

    def handle_starttag(self, tag, attrs):
        node = [tag, dict(attrs), []]
        self.stack[-1][2].append(node)
        if tag not in ("br", "meta"):
            self.stack.append(node)

    def handle_endtag(self, tag):
        while len(self.stack) > 1 and self.stack.pop()[0] != tag:
            pass

    def handle_startendtag(self, tag, attrs):
        self.stack[-1][2].append([tag, dict(attrs), []])

    def handle_data(self, data):
        if data.strip():
            self.stack[-1][2].append(data)

    def handle_entityref(self, name):
        self.refs.append(name)

    def handle_charref(self, name):
        self.refs.append("#" + name)


tree = Tree()
for start in range(0, len(PAGE), 60):
    tree.feed(PAGE[start:start + 60])
tree.close()
print(tree.stack[0], tree.refs)
