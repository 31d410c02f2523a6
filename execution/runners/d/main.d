import agora;
static import {module};

void main(string[] arguments)
{
    serve!(() => 0, (input, ref state) => {module}.apply(input))(arguments);
}
