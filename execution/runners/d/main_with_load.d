import agora;
static import {module};

void main(string[] arguments)
{
    serve!({module}.load, {module}.apply)(arguments);
}
